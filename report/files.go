package report

import "io"

// A File is one form of the report, ready to be written.
type File struct {
	Form  string // "pdf", "orders.csv", "intercepts.pdf" ...
	Name  string // with the day in it
	Type  string // its media type
	Write func(w io.Writer, lang string) error
}

// Files gives every form of a day's report.
func Files(d Daily) []File {
	with := func(write func(io.Writer, Daily, string) error) func(io.Writer, string) error {
		return func(w io.Writer, lang string) error { return write(w, d, lang) }
	}
	plain := func(write func(io.Writer, Daily) error) func(io.Writer, string) error {
		return func(w io.Writer, _ string) error { return write(w, d) }
	}
	health, asks := "health-"+d.Day.String(), "intercepts-"+d.Day.String()
	return []File{
		{"pdf", health + ".pdf", "application/pdf", with(WritePDF)},
		{"txt", health + ".txt", "text/plain; charset=utf-8", with(WriteText)},
		{"html", health + ".html", "text/html; charset=utf-8", with(WriteHTML)},
		{"csv", health + ".csv", "text/csv; charset=utf-8", plain(WriteCSV)},
		{"orders.csv", health + "-orders.csv", "text/csv; charset=utf-8", plain(WriteOrdersCSV)},
		{"intercepts.pdf", asks + ".pdf", "application/pdf", with(WriteAsksPDF)},
		{"intercepts.html", asks + ".html", "text/html; charset=utf-8", with(WriteAsksHTML)},
		{"intercepts.csv", asks + ".csv", "text/csv; charset=utf-8", plain(WriteAsksCSV)},
	}
}
