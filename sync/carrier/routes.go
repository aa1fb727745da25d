package carrier

import (
	"cmp"
	"slices"

	"floord/floor"
)

// A Route is the sort code (三段码·大头笔) of a destination. An empty City or
// District means all of what stands before it.
type Route struct {
	Province string
	City     string
	District string
	Code     string // "310-012 03"
}

// Routes is a carrier's table of sort codes. It is made by NewRoutes, read-only,
// and may be shared.
type Routes struct {
	codes map[[3]string]string
}

// NewRoutes makes a table. Of two routes to one place the later counts.
func NewRoutes(all []Route) Routes {
	r := Routes{codes: make(map[[3]string]string, len(all))}
	for _, x := range all {
		r.codes[key(x.Province, x.City, x.District)] = x.Code
	}
	return r
}

// All lists the routes by their code, to be kept and made a table again. Names
// come without their suffixes.
func (r Routes) All() []Route {
	all := make([]Route, 0, len(r.codes))
	for k, code := range r.codes {
		all = append(all, Route{Province: k[0], City: k[1], District: k[2], Code: code})
	}
	slices.SortFunc(all, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Province, b.Province), cmp.Compare(a.City, b.City), cmp.Compare(a.District, b.District))
	})
	return all
}

// Len is the number of routes.
func (r Routes) Len() int { return len(r.codes) }

// Code gives the sort code of a destination: that of the district, else of the
// city, else of the province. Names may lack their suffix (广东 for 广东省). ""
// means that the carrier names none: it serves the place by hand or not at all.
func (r Routes) Code(to floor.Recipient) string {
	for _, k := range [][3]string{
		key(to.Province, to.City, to.District), key(to.Province, to.City, ""), key(to.Province, "", ""),
	} {
		if code, ok := r.codes[k]; ok {
			return code
		}
	}
	return ""
}

func key(province, city, district string) [3]string {
	return [3]string{floor.BareDivision(province), floor.BareDivision(city), floor.BareDivision(district)}
}
