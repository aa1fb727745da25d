package report

import (
	"strings"

	"floord/floor"
)

// words is everything the report says, in one language. Text with % is a format.
type words struct {
	Title, Subtitle                                        string
	Attention, AllClear, AndMore                           string
	Received, Shipped, OnTimeRate, CollectedRate           string
	StopRate, Backlog                                      string
	NoOrders, NotAsked, Interval, Count, BandNote, NoneDue string
	OverdueNote, OfAsked                                   string

	Channels, Channel, Total, Due, Excluded, Pending, OnTime, Late string
	IntervalHead, Unnamed                                          string
	Carriers, Carrier, HandedOver, Scanned, Unscanned, Median, P95 string
	Max, Over2h                                                    string
	Work, Metric, Hits, Base, Share, Short, LabelErrors, Reprints  string
	Manual, PerThousand                                            string
	Intercepts, Asked, Stopped, Missed, Thawed, Open               string
	Hop, Freeze, Device, Person, Answered, Silent, Over15s, Stage  string
	BacklogTitle, Overdue, Under2, Under6, Under24, Later, None    string
	Held, OpenOrders                                               string
	Notes                                                          string

	AlertLate, AlertMissed, AlertOverdue, AlertUnscanned string
	AlertPerson, AlertSkew, AlertEmpty                   string
	AlertSuspect, AlertApart, AlertHint, AlertRisk       string
	ExcludedList                                         string
	ShipByUsed, CollectPending                           string
	Definitions                                          []string

	AsksTitle, EffectiveRate, Why, AskedAt, Result, Order     string
	HoursTitle, HourText, ByCarrier, ByTeam, Team, CellsTitle string
	Unassigned, CycleTitle, Step, Untimed                     string
	OrdersTitle, AlertShipBy                                  string
	AskDefinitions                                            []string

	MS, Sec, Min, Hour string
	Comma, Colon, Stop string

	PickErrors, WeightOff, WeightTrue, MoreWork, Accuracy, WrongScans string
	FirstPass, Found, StateApart, RedoneTitle, RedoneWhere, ByFloord  string
	Worked, ByChannel, WorkByCarrier, WorkByTeam                      string
	TeamHands, PersonHands, PersonHead, Lines, Pieces, LinesHour      string
	LinesClock, Active, Idle, Shorts, PaceTitle, Kind, Zone, Persons  string
	HintsTitle, NowShare, Before, BeforeDays, Extra                   string
	HeatTitle, HeatCategories, HeatNote, HeatFew                      string
	Clock, ToCollect, ToShip                                          string
	Disk, Failures, What, NoDevice, NoAnswer, SlowAnswer              string

	Metrics, Kinds, ShortReasons map[string]string

	Whys   map[string]string
	Stages map[floor.State]string
	Errors map[string]string

	Cycles, RedoneWhys, BentWhys, FigureNames map[string]string
	Outcomes                                  map[Outcome]string
}

// speak gives the words for a language: English for "en", Chinese for everything else.
func speak(lang string) *words {
	if lang == "en" || strings.HasPrefix(lang, "en-") {
		return &english
	}
	return &chinese
}

var chinese = words{
	Title: "每日发货健康报告", Subtitle: "%s  %s 时区，截至 %s",
	Attention: "需要关注", AllClear: "没有需要处理的异常。", AndMore: "，另有 %d 单",
	Received: "接单", Shipped: "已交接", OnTimeRate: "准时发货率", CollectedRate: "揽收及时率",
	StopRate: "拦截成功率", Backlog: "未发订单",
	NoOrders: "无订单", NotAsked: "无拦截", Interval: "%s，95%% 区间 %s", Count: "%d / %d 单", BandNote: "%d 单，其中 %d 单未知",
	NoneDue: "无应发", OverdueNote: "已超时 %d 单", OfAsked: "%d / %d 次",

	Channels: "各渠道发货", Channel: "渠道", Total: "合计", Due: "应发", Excluded: "剔除", Pending: "未到时限",
	OnTime: "准时", Late: "迟发", IntervalHead: "95% 区间", Unnamed: "（未命名）",
	Carriers: "承运商交接", Carrier: "承运商", HandedOver: "交接单数", Scanned: "有揽收", Unscanned: "揽收未知",
	Median: "中位", P95: "95 分位", Max: "最长", Over2h: "超 2 小时",
	Work: "作业质量", Metric: "指标", Hits: "数量", Base: "基数", Share: "比率",
	Short: "缺货明细", LabelErrors: "面单异常包裹", Reprints: "补打面单", Manual: "人工放行（每千单）", PerThousand: "%.1f‰",
	Intercepts: "指令拦截", Asked: "要求", Stopped: "拦住", Missed: "未拦住", Thawed: "已解除", Open: "处理中",
	Hop: "响应用时（自要求起）", Freeze: "系统冻结", Device: "设备收到", Person: "人员确认", Answered: "已响应", Silent: "未响应", Over15s: "超 15 秒", Stage: "要求时阶段",
	BacklogTitle: "未发订单剩余时间", Overdue: "已超时", Under2: "2 小时内", Under6: "2–6 小时", Under24: "6–24 小时", Later: "24 小时以上", None: "无时限", Held: "平台挂起", OpenOrders: "合计",
	Notes: "口径",

	AlertLate: "%d 单应发未按时交接：%s", AlertMissed: "%d 单未拦住：%s", AlertOverdue: "现有 %d 单已过最晚发货仍未发出。",
	AlertUnscanned: "%d 单已按时交接，承运商尚无揽收记录，不计为准时。",
	AlertPerson:    "%d 次拦截的人员确认超过 15 秒，%d 次无人确认。", AlertSkew: "有 %d 处时间早于其起点，请检查设备时钟。",
	AlertEmpty:   "当日没有接单，也没有应发订单：请确认店铺连接正常。",
	ExcludedList: "剔除 %d 单：%s", ShipByUsed: "揽收：%d 单没有最晚揽收时间，按最晚发货时间判定。", CollectPending: "揽收：%d 单未到时限。",
	Definitions: []string{
		"准时发货率：当日到时限的订单中，交接不晚于最晚发货的占比；时限前取消、平台挂起的剔除。",
		"揽收及时率：以承运商首次扫描为准，尚无数据时给出最差–最好范围。当日按仓库时区 0–24 点。",
		"拦截成功率：拦住 ÷（拦住 + 未拦住）。样本少于 100 时附 95% 区间（Wilson）。",
		"面单异常：至少一次出错的包裹 ÷ 已封包裹。错拣：复核或播种时发现不符的明细 ÷ 明细。班组：开始作业者的，封箱后为封箱者的。",
		"行/有效小时：停手超过 5 分钟的时间算空闲，不计入；超过 2 小时算离岗。未发订单：距最晚揽收，没有的按最晚发货。",
	},
	PickErrors: "错拣明细", WeightOff: "重量不符包裹", WeightTrue: "重量不符中真错", MoreWork: "其他质量指标", Accuracy: "拣货准确率", WrongScans: "扫错（拣货时）",
	FirstPass: "面单一次通过率", Found: "缺货后又找到", StateApart: "与平台状态不一致", RedoneTitle: "补打面单：工作台与人员", RedoneWhere: "工作台 / 人员", ByFloord: "系统自动",
	Worked: "开始作业", ByChannel: "作业质量：按渠道", WorkByCarrier: "作业质量：按承运商", WorkByTeam: "作业质量：按班组",
	TeamHands: "拣货效率：按班组", PersonHands: "拣货效率：按人", PersonHead: "人员", Lines: "行数", Pieces: "件数", LinesHour: "行/有效小时", LinesClock: "行/在岗小时",
	Active: "有效时间", Idle: "空闲", Shorts: "报缺", PaceTitle: "拣货效率：按波次类型与库区", Kind: "类型", Zone: "库区", Persons: "人数",
	HintsTitle: "明显变差的指标（同一星期几的前四周）", NowShare: "当日", Before: "此前", BeforeDays: "%.1f%%（%d 天中位）", Extra: "多出",
	HeatTitle: "错误热力图：小时 × 渠道（每千单出错数）", HeatCategories: "错误热力图：小时 × 品类（每千单出错数）", HeatNote: "%d / %d 单", HeatFew: "斜线格（打印为括号）不足 30 单，仅供参考。",
	Disk: "落盘", Failures: "没有做到的拦截", What: "哪一跳", NoDevice: "没有设备收到", NoAnswer: "无人确认", SlowAnswer: "确认超过 15 秒",
	Clock: "时钟", ToCollect: "距最晚揽收", ToShip: "距最晚发货",
	AlertSuspect: "%d 单交接后超过 2 小时才揽收或至今无揽收，可能被判虚假发货：%s", AlertApart: "%d 单与平台状态不一致（%s，n=%d），超过 0.3%%：%s",
	AlertHint: "%s由前四周同日的 %.1f%% 变为 %s（n=%d），主要来自 %s。", AlertRisk: "%d 单剩余时间不足（少于九成订单所需），有超时风险。",
	Metrics: map[string]string{
		"on_time": "准时发货率", "collected": "揽收及时率", "first_pass": "面单一次通过率", "accuracy": "拣货准确率", "complete": "不缺货率",
		"weight": "重量相符率", "consistent": "状态一致率", "effective": "拦截有效率",
	},
	Kinds: map[string]string{
		"order": "摘果", "pick": "摘果", "cluster": "边拣边分", "batch": "先拣后分", "sort": "播种", "putback": "回库", "refill": "补货", "single": "单品", "identical": "爆款", "urgent": "加急",
	},
	ShortReasons: map[string]string{"empty": "库位空", "damaged": "破损", "wrong-item": "商品不符", "lost": "播种时少件"},
	AsksTitle:    "指令拦截效能报表", EffectiveRate: "拦截有效率", Why: "原因", AskedAt: "要求时间", Result: "结果", Order: "订单",
	HoursTitle: "每小时 交接 / 接单", HourText: "%d/%d", ByCarrier: "按承运商", ByTeam: "按班组", Team: "班组", CellsTitle: "渠道 × 承运商 × 班组",
	Unassigned: "未定", CycleTitle: "各环节用时（当日交接的订单）", Step: "环节", Untimed: "用时未知", OrdersTitle: "数字背后的订单", AlertShipBy: "最晚发货",
	AskDefinitions: []string{
		"拦截有效率：封箱前被冻结（此后一切操作被拒绝），或封箱后有人确认、被拦住的次数 ÷ 要求次数。",
		"拦截成功率：拦住 ÷（拦住 + 未拦住）。解除与处理中的列出，不计入。",
		"用时自平台提出要求起：收到并落盘、冻结落盘、第一台设备显示、第一个人确认。“?”表示时钟不一致。",
	},
	Cycles: map[string]string{
		"intake": "付款→接单", "plan": "接单→配货", "release": "配货→入波次", "first-pick": "入波次→首拣", "pick": "首拣→拣完", "verify": "拣完→复核", "label": "复核→出面单",
		"handover": "出面单→交接", "floor": "接单→交接（全程）", "collect": "交接→揽收",
	},
	FigureNames: map[string]string{
		"received": "接单", "shipped": "已交接", "due": "应发", "on_time": "准时", "late": "迟发", "pending": "未到时限", "excluded": "剔除",
		"collect_due": "应揽收", "collected": "按时揽收", "not_collected": "未按时揽收", "collect_unknown": "揽收未知", "collect_pending": "揽收未到时限",
		"gap_over": "交接后超 2 小时揽收", "suspect": "疑似虚假发货", "state_apart": "与平台状态不一致", "mispicked": "错拣", "wrong_scans": "扫错", "weighed": "已称重", "weight_off": "重量不符", "weight_true": "重量真错", "errors": "有错误", "at_risk": "有超时风险",
		collectBy + waitsOverdue: "揽收已超时", collectBy + waitsUnder2: "距揽收 2 小时内", collectBy + waitsUnder6: "距揽收 2–6 小时", collectBy + waitsUnder24: "距揽收 6–24 小时", collectBy + waitsLater: "距揽收 24 小时以上", collectBy + waitsNone: "无揽收时限", collectBy + waitsHeld: "平台挂起（揽收）", "worked": "当日开始作业", "short": "缺货", "label_errors": "面单异常", "reprints": "补打面单", "manual": "人工放行",
		"open": "未发订单", waitsOverdue: "已超时", waitsUnder2: "2 小时内", waitsUnder6: "2–6 小时", waitsUnder24: "6–24 小时",
		waitsLater: "24 小时以上", waitsNone: "无时限", waitsHeld: "平台挂起", "asked": "拦截要求", "stopped": "拦住", "missed": "未拦住", "thawed": "已解除", "frozen": "处理中",
		"scanned": "当日交接、承运商已扫描", "unscanned": "当日交接、承运商未扫描", "cycle": "用时已知", "untimed": "用时未知", "picked": "当日拣货",
		"effective": "拦截有效", "reached": "已到", "silent": "未到", "slow": "超过 15 秒", "unheeded": "超过 15 秒无人确认",
	},
	RedoneWhys: map[string]string{
		"spoilt": "破损", "lost": "丢失", "unreadable": "不清", "did-not": "没有打出", "reprint": "打坏", "address": "地址变更",
	},
	BentWhys: map[string]string{
		floor.BentWeight: "重量放行", floor.BentFreeze: "解除冻结", floor.BentHold: "解除挂起", floor.BentClose: "人工关闭", floor.BentReprint: "补打面单", floor.BentTyped: "手工输入条码",
	},
	Outcomes: map[Outcome]string{Stopped: "拦住", Missed: "未拦住", Thawed: "已解除", Open: "处理中"},
	MS:       "毫秒", Sec: "秒", Min: "分", Hour: "小时", Comma: "、", Colon: "：", Stop: "。",
	Whys: map[string]string{
		"not-shipped": "未发出", "shipped-late": "迟发", "cancelled-late": "超时后取消",
		"cancelled": "时限前取消", "cancelled-undated": "已取消（时间不详）", "held": "平台挂起",
		"scanned-late": "揽收晚", "not-scanned": "未揽收", "cancelled-there": "平台已取消", "not-shipped-there": "平台未显示发货", "shipped-there": "平台已显示发货", "closed-here": "本仓已关闭",
		"cancel": "取消", "address": "改地址", "remark": "改备注", "lead": "组长叫停",
	},
	Stages: map[floor.State]string{
		floor.New: "新单", floor.Checked: "已审核", floor.Allocated: "已分配", floor.Waved: "已入波次", floor.Picking: "拣货中",
		floor.Picked: "已拣货", floor.Packing: "打包中", floor.Sealed: "已封箱", floor.HandedOver: "已交接", floor.Collected: "已揽收",
		floor.Signed: "已签收", floor.Settled: "已结算", floor.Closed: "已关闭",
	},
	Errors: map[string]string{
		"in-doubt": "是否打出不明", "twin": "同单号两张面单", "fuse-number-failed": "因取号失败暂停", "fuse-balance": "余额用完", "fuse-number-twice": "重复单号", "fuse-address": "地址无法识别", "fuse-receiver": "收件信息不全", "fuse-weight": "超重未复核", "fuse-text-fit": "文字放不下", "fuse-template": "模板有错", "fuse-printer-doubt": "因打印存疑暂停", "fetch-failed": "取号失败", "wrong-carrier": "承运商不符", "wrong-template": "模板不符",
		"voided": "面单作废", "renumbered": "换号", "address-rejected": "地址被拒", "handover-refused": "交接拒收",
		"paper-out": "缺纸", "ribbon-out": "缺碳带", "head-open": "打印头未合上", "offline": "打印机离线",
	},
}

var english = words{
	Title: "Daily shipping health", Subtitle: "%s  zone %s, as of %s",
	Attention: "Needs attention", AllClear: "Nothing needs attention.", AndMore: ", and %d more",
	Received: "Received", Shipped: "Handed over", OnTimeRate: "Shipped on time", CollectedRate: "Collected on time",
	StopRate: "Intercepted", Backlog: "Open orders",
	NoOrders: "no orders", NotAsked: "none asked", Interval: "%s, 95%% interval %s", Count: "%d of %d orders", BandNote: "%d orders, %d unknown",
	NoneDue: "none due", OverdueNote: "%d past their ship-by", OfAsked: "%d of %d",

	Channels: "Shipping by channel", Channel: "Channel", Total: "All", Due: "Due", Excluded: "Excluded", Pending: "Not yet due",
	OnTime: "On time", Late: "Late", IntervalHead: "95% interval", Unnamed: "(unnamed)",
	Carriers: "Carriers", Carrier: "Carrier", HandedOver: "Handed over", Scanned: "Scanned", Unscanned: "Unknown",
	Median: "Median", P95: "95th pct", Max: "Max", Over2h: "Over 2 h",
	Work: "Quality of work", Metric: "Metric", Hits: "Count", Base: "Of", Share: "Rate",
	Short: "Short lines", LabelErrors: "Parcels with a label error", Reprints: "Reprinted labels", Manual: "Manual acts (per 1000 orders)", PerThousand: "%.1f‰",
	Intercepts: "Interceptions", Asked: "Asked", Stopped: "Stopped", Missed: "Missed", Thawed: "Lifted", Open: "Open",
	Hop: "Time from the ask", Freeze: "Frozen", Device: "Shown on a device", Person: "Answered by a person", Answered: "n", Silent: "Missing", Over15s: "Over 15 s", Stage: "Stage when asked",
	BacklogTitle: "Open orders by time left", Overdue: "Overdue", Under2: "Under 2 h", Under6: "2-6 h", Under24: "6-24 h", Later: "Over 24 h", None: "No ship-by", Held: "Held by shop", OpenOrders: "All",
	Notes: "Definitions",

	AlertLate: "Due and not handed over in time: %d. %s", AlertMissed: "Not intercepted: %d. %s", AlertOverdue: "Open and past their ship-by now: %d.",
	AlertUnscanned: "Handed over in time, but not yet scanned by the carrier, so not counted as on time: %d.",
	AlertPerson:    "Interceptions answered by a person after more than 15 s: %d; by nobody: %d.", AlertSkew: "Moments that lie before what they follow: %d. Check the clocks of the devices.",
	AlertEmpty:   "Nothing was received and nothing was due: make sure that the shops are connected.",
	ExcludedList: "Excluded: %d. %s", ShipByUsed: "Collected on time: judged by ship-by for want of a collect-by: %d.", CollectPending: "Collected on time: not due yet: %d.",
	Definitions: []string{
		"Shipped on time: handed over by ship-by, of what fell due that day; cancelled before or held by the shop: excluded.",
		"Collected on time: by the carrier's first scan; what is unknown makes a range. A day is 0 to 24 h of the site's zone.",
		"Intercepted: stopped / (stopped + missed). Counts below 100 carry a 95% interval (Wilson).",
		"Label errors: parcels with one or more / sealed. Picked wrong: found at the check or the wall / lines. Team: of who began, then sealed.",
		"Active hours leave out pauses of over 5 minutes (idle) and of over 2 hours (away). Open orders go by collect-by, else by ship-by.",
	},
	PickErrors: "Lines picked wrong", WeightOff: "Parcels off weight", WeightTrue: "Truly wrong of those off", MoreWork: "Other shares", Accuracy: "Pick accuracy", WrongScans: "Wrong scans at the pick",
	FirstPass: "Labels right first time", Found: "Short and found later", StateApart: "Shop says otherwise", RedoneTitle: "Labels printed again: where and by whom", RedoneWhere: "Station / person", ByFloord: "by itself",
	Worked: "Begun", ByChannel: "Quality by channel", WorkByCarrier: "Quality by carrier", WorkByTeam: "Quality by team",
	TeamHands: "Picking by team", PersonHands: "Picking by person", PersonHead: "Person", Lines: "Lines", Pieces: "Pieces", LinesHour: "Lines per active hour", LinesClock: "Lines per clocked hour",
	Active: "Active", Idle: "Idle", Shorts: "Shorts", PaceTitle: "Picking by kind of wave and zone", Kind: "Kind", Zone: "Zone", Persons: "People",
	HintsTitle: "Clearly worse than on this weekday in four weeks", NowShare: "That day", Before: "Before", BeforeDays: "%.1f%% (median of %d days)", Extra: "Extra",
	HeatTitle: "Errors per 1000 orders: hour × channel", HeatCategories: "Errors per 1000 orders: hour × category", HeatNote: "%d of %d orders", HeatFew: "Hatched, or in brackets on paper: fewer than 30 orders, of little weight.",
	Disk: "On disk", Failures: "Interceptions that fell short", What: "Where", NoDevice: "no device showed it", NoAnswer: "nobody answered", SlowAnswer: "answered after over 15 s",
	Clock: "Clock", ToCollect: "To collect-by", ToShip: "To ship-by",
	AlertSuspect: "Scanned by the carrier over 2 hours after the handover, or not yet, so that the shop may call them not shipped: %d. %s", AlertApart: "The shop says otherwise of %d orders (%s, n=%d), over 0.3%%: %s",
	AlertHint: "%s fell from %.1f%% on this weekday to %s (n=%d), most of it by %s.", AlertRisk: "At risk, with less time left than nine in ten orders need: %d.",
	Metrics: map[string]string{
		"on_time": "Shipped on time", "collected": "Collected on time", "first_pass": "Labels right first time", "accuracy": "Pick accuracy", "complete": "Lines not short",
		"weight": "Weights right", "consistent": "Shop agrees", "effective": "Interception",
	},
	Kinds: map[string]string{
		"order": "by order", "pick": "by order", "cluster": "cluster", "batch": "batch", "sort": "sorting", "putback": "put back", "refill": "refill", "single": "single item", "identical": "identical orders", "urgent": "urgent",
	},
	ShortReasons: map[string]string{"empty": "bin empty", "damaged": "damaged", "wrong-item": "wrong item", "lost": "missing at the wall"},
	AsksTitle:    "Interception report", EffectiveRate: "Effective", Why: "Reason", AskedAt: "Asked at", Result: "Outcome", Order: "Order",
	HoursTitle: "Handed over / received, by the hour", HourText: "%d/%d", ByCarrier: "By carrier", ByTeam: "By team", Team: "Team", CellsTitle: "Channel × carrier × team",
	Unassigned: "none yet", CycleTitle: "Time in each stage (orders handed over that day)", Step: "Stage", Untimed: "Not timed", OrdersTitle: "The orders behind the figures", AlertShipBy: "Ship by",
	AskDefinitions: []string{
		"Effective: frozen before the seal (every act is refused from then on), or after it answered by a person or stopped / asked.",
		"Intercepted: stopped / (stopped + missed). What was lifted or is open is listed and counts neither way.",
		"Times run from the shop's ask: its word on our disk, the freeze on disk, shown on the first device, answered by the first person. A ? means that clocks disagree.",
	},
	Cycles: map[string]string{
		"intake": "paid to received", "plan": "received to allocated", "release": "allocated to wave", "first-pick": "wave to first pick", "pick": "first pick to picked", "verify": "picked to checked", "label": "checked to labelled",
		"handover": "labelled to handed over", "floor": "received to handed over", "collect": "handed over to collected",
	},
	FigureNames: map[string]string{
		"received": "received", "shipped": "handed over", "due": "due", "on_time": "on time", "late": "late", "pending": "not yet due", "excluded": "excluded",
		"collect_due": "to be collected", "collected": "collected on time", "not_collected": "not collected on time", "collect_unknown": "collection unknown", "collect_pending": "collection not yet due",
		"gap_over": "collected over 2 h after the handover", "suspect": "suspected of not having left", "state_apart": "shop says otherwise", "mispicked": "picked wrong", "wrong_scans": "wrong scans", "weighed": "weighed", "weight_off": "off weight", "weight_true": "contents wrong", "errors": "with an error", "at_risk": "at risk",
		collectBy + waitsOverdue: "past collect-by", collectBy + waitsUnder2: "under 2 h to collect-by", collectBy + waitsUnder6: "2-6 h to collect-by", collectBy + waitsUnder24: "6-24 h to collect-by", collectBy + waitsLater: "over 24 h to collect-by", collectBy + waitsNone: "no collect-by", collectBy + waitsHeld: "held by the shop, to collect-by", "worked": "begun that day", "short": "short", "label_errors": "label errors", "reprints": "labels reprinted", "manual": "manual acts",
		"open": "open orders", waitsOverdue: "overdue", waitsUnder2: "under 2 h", waitsUnder6: "2-6 h", waitsUnder24: "6-24 h",
		waitsLater: "over 24 h", waitsNone: "no ship-by", waitsHeld: "held by the shop", "asked": "interceptions asked", "stopped": "stopped", "missed": "missed", "thawed": "lifted", "frozen": "open",
		"scanned": "handed over that day and scanned by the carrier", "unscanned": "handed over that day, not scanned by the carrier", "cycle": "timed", "untimed": "not timed", "picked": "picked that day",
		"effective": "interceptions in time", "reached": "reached", "silent": "not reached", "slow": "over 15 s", "unheeded": "no person's answer within 15 s",
	},
	RedoneWhys: map[string]string{
		"spoilt": "spoilt", "lost": "lost", "unreadable": "unreadable", "did-not": "did not come out", "reprint": "came out spoilt", "address": "address changed",
	},
	BentWhys: map[string]string{
		floor.BentWeight: "weight passed", floor.BentFreeze: "freeze lifted", floor.BentHold: "hold released", floor.BentClose: "closed by hand", floor.BentReprint: "label reprinted", floor.BentTyped: "code typed, not scanned",
	},
	Outcomes: map[Outcome]string{Stopped: "stopped", Missed: "missed", Thawed: "lifted", Open: "open"},
	MS:       "ms", Sec: "s", Min: "min", Hour: "h", Comma: ", ", Colon: ": ", Stop: ".",
	Whys: map[string]string{
		"not-shipped": "not shipped", "shipped-late": "shipped late", "cancelled-late": "cancelled after its ship-by",
		"cancelled": "cancelled before its ship-by", "cancelled-undated": "cancelled, time unknown", "held": "held by the shop",
		"scanned-late": "scanned late", "not-scanned": "not scanned yet", "cancelled-there": "cancelled there", "not-shipped-there": "not shipped there", "shipped-there": "shipped there", "closed-here": "closed here",
		"cancel": "cancel", "address": "address change", "remark": "remark change", "lead": "stopped by a lead",
	},
	Stages: map[floor.State]string{
		floor.New: "new", floor.Checked: "checked", floor.Allocated: "allocated", floor.Waved: "waved", floor.Picking: "being picked",
		floor.Picked: "picked", floor.Packing: "being packed", floor.Sealed: "sealed", floor.HandedOver: "handed over", floor.Collected: "collected",
		floor.Signed: "signed", floor.Settled: "settled", floor.Closed: "closed",
	},
	Errors: map[string]string{
		"in-doubt": "print in doubt", "twin": "two labels of one number", "fuse-number-failed": "paused: no waybill number", "fuse-balance": "account empty", "fuse-number-twice": "number given twice", "fuse-address": "address unreadable", "fuse-receiver": "recipient incomplete", "fuse-weight": "too heavy, not checked", "fuse-text-fit": "text does not fit", "fuse-template": "template wrong", "fuse-printer-doubt": "paused: print in doubt", "fetch-failed": "no waybill number", "wrong-carrier": "wrong carrier", "wrong-template": "wrong template",
		"voided": "voided", "renumbered": "re-numbered", "address-rejected": "address rejected", "handover-refused": "refused at handover",
		"paper-out": "out of paper", "ribbon-out": "out of ribbon", "head-open": "print head open", "offline": "printer offline",
	},
}
