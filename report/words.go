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
	AlertGap, AlertPerson, AlertSkew, AlertEmpty         string
	ExcludedList                                         string
	ShipByUsed, CollectPending                           string
	Definitions                                          []string

	AsksTitle, EffectiveRate, Why, AskedAt, Result, Order     string
	HoursTitle, HourText, ByCarrier, ByTeam, Team, CellsTitle string
	Unassigned, CycleTitle, OrdersTitle, AlertShipBy          string
	AskDefinitions                                            []string

	MS, Sec, Min, Hour string
	Comma, Colon, Stop string

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
	BacklogTitle: "未发订单距最晚发货", Overdue: "已超时", Under2: "2 小时内", Under6: "2–6 小时", Under24: "6–24 小时", Later: "24 小时以上", None: "无时限", Held: "平台挂起", OpenOrders: "合计",
	Notes: "口径",

	AlertLate: "%d 单应发未按时交接：%s", AlertMissed: "%d 单未拦住：%s", AlertOverdue: "现有 %d 单已过最晚发货仍未发出。",
	AlertUnscanned: "%d 单已按时交接，承运商尚无揽收记录，不计为准时。", AlertGap: "%d 单交接后超过 2 小时才揽收。",
	AlertPerson: "%d 次拦截的人员确认超过 15 秒，%d 次无人确认。", AlertSkew: "有 %d 处时间早于其起点，请检查设备时钟。",
	AlertEmpty:   "当日没有接单，也没有应发订单：请确认店铺连接正常。",
	ExcludedList: "剔除 %d 单：%s", ShipByUsed: "揽收：%d 单没有最晚揽收时间，按最晚发货时间判定。", CollectPending: "揽收：%d 单未到时限。",
	Definitions: []string{
		"准时发货率：当日到时限的订单中，交接不晚于最晚发货的占比；时限前取消、平台挂起的剔除。",
		"揽收及时率：以承运商首次扫描为准，尚无数据时给出最差–最好范围。当日按仓库时区 0–24 点。",
		"拦截成功率：拦住 ÷（拦住 + 未拦住）。样本少于 100 时附 95% 区间（Wilson）。",
		"面单异常：至少一次出错的包裹 ÷ 已封包裹。班组：开始作业者的班组，封箱后为封箱者的。",
	},
	AsksTitle: "指令拦截效能报表", EffectiveRate: "拦截有效率", Why: "原因", AskedAt: "要求时间", Result: "结果", Order: "订单",
	HoursTitle: "每小时 交接 / 接单", HourText: "%d/%d", ByCarrier: "按承运商", ByTeam: "按班组", Team: "班组", CellsTitle: "渠道 × 承运商 × 班组",
	Unassigned: "未定", CycleTitle: "各环节用时（当日交接的订单）", OrdersTitle: "数字背后的订单", AlertShipBy: "最晚发货",
	AskDefinitions: []string{
		"拦截有效率：封箱前被冻结（此后一切操作被拒绝），或封箱后有人确认、被拦住的次数 ÷ 要求次数。",
		"拦截成功率：拦住 ÷（拦住 + 未拦住）。解除与处理中的列出，不计入。",
		"用时自平台提出要求起：冻结落盘、第一台设备显示、第一个人确认。“?”表示时钟不一致。",
	},
	Cycles: map[string]string{
		"intake": "付款→接单", "wave": "接单→入波次", "first-pick": "入波次→首拣", "pick": "首拣→拣完", "pack": "拣完→封箱",
		"handover": "封箱→交接", "floor": "接单→交接（全程）", "collect": "交接→揽收",
	},
	FigureNames: map[string]string{
		"received": "接单", "shipped": "已交接", "due": "应发", "on_time": "准时", "late": "迟发", "pending": "未到时限", "excluded": "剔除",
		"collect_due": "应揽收", "collected": "按时揽收", "not_collected": "未按时揽收", "collect_unknown": "揽收未知", "collect_pending": "揽收未到时限",
		"gap_over": "交接后超 2 小时揽收", "worked": "当日开始作业", "short": "缺货", "label_errors": "面单异常", "reprints": "补打面单", "manual": "人工放行",
		"open": "未发订单", waitsOverdue: "已超时", waitsUnder2: "2 小时内", waitsUnder6: "2–6 小时", waitsUnder24: "6–24 小时",
		waitsLater: "24 小时以上", waitsNone: "无时限", waitsHeld: "平台挂起", "asked": "拦截要求", "stopped": "拦住", "missed": "未拦住", "thawed": "已解除", "frozen": "处理中",
	},
	RedoneWhys: map[string]string{
		"spoilt": "破损", "lost": "丢失", "unreadable": "不清", "did-not": "没有打出", "reprint": "打坏", "address": "地址变更",
	},
	BentWhys: map[string]string{
		floor.BentWeight: "重量放行", floor.BentFreeze: "解除冻结", floor.BentHold: "解除挂起", floor.BentClose: "人工关闭", floor.BentReprint: "补打面单",
	},
	Outcomes: map[Outcome]string{Stopped: "拦住", Missed: "未拦住", Thawed: "已解除", Open: "处理中"},
	MS:       "毫秒", Sec: "秒", Min: "分", Hour: "小时", Comma: "、", Colon: "：", Stop: "。",
	Whys: map[string]string{
		"not-shipped": "未发出", "shipped-late": "迟发", "cancelled-late": "超时后取消",
		"cancelled": "时限前取消", "cancelled-undated": "已取消（时间不详）", "held": "平台挂起",
		"cancel": "取消", "address": "改地址", "remark": "改备注", "lead": "组长叫停",
	},
	Stages: map[floor.State]string{
		floor.New: "新单", floor.Checked: "已审核", floor.Allocated: "已分配", floor.Waved: "已入波次", floor.Picking: "拣货中",
		floor.Picked: "已拣货", floor.Packing: "打包中", floor.Sealed: "已封箱", floor.HandedOver: "已交接", floor.Collected: "已揽收",
		floor.Signed: "已签收", floor.Settled: "已结算", floor.Closed: "已关闭",
	},
	Errors: map[string]string{
		"in-doubt": "是否打出不明", "fetch-failed": "取号失败", "wrong-carrier": "承运商不符", "wrong-template": "模板不符",
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
	BacklogTitle: "Open orders by time to ship-by", Overdue: "Overdue", Under2: "Under 2 h", Under6: "2-6 h", Under24: "6-24 h", Later: "Over 24 h", None: "No ship-by", Held: "Held by shop", OpenOrders: "All",
	Notes: "Definitions",

	AlertLate: "Due and not handed over in time: %d. %s", AlertMissed: "Not intercepted: %d. %s", AlertOverdue: "Open and past their ship-by now: %d.",
	AlertUnscanned: "Handed over in time, but not yet scanned by the carrier, so not counted as on time: %d.", AlertGap: "Scanned by the carrier more than 2 hours after the handover: %d.",
	AlertPerson: "Interceptions answered by a person after more than 15 s: %d; by nobody: %d.", AlertSkew: "Moments that lie before what they follow: %d. Check the clocks of the devices.",
	AlertEmpty:   "Nothing was received and nothing was due: make sure that the shops are connected.",
	ExcludedList: "Excluded: %d. %s", ShipByUsed: "Collected on time: judged by ship-by for want of a collect-by: %d.", CollectPending: "Collected on time: not due yet: %d.",
	Definitions: []string{
		"Shipped on time: handed over by ship-by, of what fell due that day; cancelled before or held by the shop: excluded.",
		"Collected on time: by the carrier's first scan; what is unknown makes a range. A day is 0 to 24 h of the site's zone.",
		"Intercepted: stopped / (stopped + missed). Counts below 100 carry a 95% interval (Wilson).",
		"Label errors: parcels with one or more / parcels sealed. Team: of who began the order, then of who sealed it.",
	},
	AsksTitle: "Interception report", EffectiveRate: "Effective", Why: "Reason", AskedAt: "Asked at", Result: "Outcome", Order: "Order",
	HoursTitle: "Handed over / received, by the hour", HourText: "%d/%d", ByCarrier: "By carrier", ByTeam: "By team", Team: "Team", CellsTitle: "Channel × carrier × team",
	Unassigned: "none yet", CycleTitle: "Time in each stage (orders handed over that day)", OrdersTitle: "The orders behind the figures", AlertShipBy: "Ship by",
	AskDefinitions: []string{
		"Effective: frozen before the seal (every act is refused from then on), or after it answered by a person or stopped / asked.",
		"Intercepted: stopped / (stopped + missed). What was lifted or is open is listed and counts neither way.",
		"Times run from the shop's ask: frozen on disk, shown on the first device, answered by the first person. A ? means that clocks disagree.",
	},
	Cycles: map[string]string{
		"intake": "paid to received", "wave": "received to wave", "first-pick": "wave to first pick", "pick": "first pick to picked", "pack": "picked to sealed",
		"handover": "sealed to handed over", "floor": "received to handed over", "collect": "handed over to collected",
	},
	FigureNames: map[string]string{
		"received": "received", "shipped": "handed over", "due": "due", "on_time": "on time", "late": "late", "pending": "not yet due", "excluded": "excluded",
		"collect_due": "to be collected", "collected": "collected on time", "not_collected": "not collected on time", "collect_unknown": "collection unknown", "collect_pending": "collection not yet due",
		"gap_over": "collected over 2 h after the handover", "worked": "begun that day", "short": "short", "label_errors": "label errors", "reprints": "labels reprinted", "manual": "manual acts",
		"open": "open orders", waitsOverdue: "overdue", waitsUnder2: "under 2 h", waitsUnder6: "2-6 h", waitsUnder24: "6-24 h",
		waitsLater: "over 24 h", waitsNone: "no ship-by", waitsHeld: "held by the shop", "asked": "interceptions asked", "stopped": "stopped", "missed": "missed", "thawed": "lifted", "frozen": "open",
	},
	RedoneWhys: map[string]string{
		"spoilt": "spoilt", "lost": "lost", "unreadable": "unreadable", "did-not": "did not come out", "reprint": "came out spoilt", "address": "address changed",
	},
	BentWhys: map[string]string{
		floor.BentWeight: "weight passed", floor.BentFreeze: "freeze lifted", floor.BentHold: "hold released", floor.BentClose: "closed by hand", floor.BentReprint: "label reprinted",
	},
	Outcomes: map[Outcome]string{Stopped: "stopped", Missed: "missed", Thawed: "lifted", Open: "open"},
	MS:       "ms", Sec: "s", Min: "min", Hour: "h", Comma: ", ", Colon: ": ", Stop: ".",
	Whys: map[string]string{
		"not-shipped": "not shipped", "shipped-late": "shipped late", "cancelled-late": "cancelled after its ship-by",
		"cancelled": "cancelled before its ship-by", "cancelled-undated": "cancelled, time unknown", "held": "held by the shop",
		"cancel": "cancel", "address": "address change", "remark": "remark change", "lead": "stopped by a lead",
	},
	Stages: map[floor.State]string{
		floor.New: "new", floor.Checked: "checked", floor.Allocated: "allocated", floor.Waved: "waved", floor.Picking: "being picked",
		floor.Picked: "picked", floor.Packing: "being packed", floor.Sealed: "sealed", floor.HandedOver: "handed over", floor.Collected: "collected",
		floor.Signed: "signed", floor.Settled: "settled", floor.Closed: "closed",
	},
	Errors: map[string]string{
		"in-doubt": "print in doubt", "fetch-failed": "no waybill number", "wrong-carrier": "wrong carrier", "wrong-template": "wrong template",
		"voided": "voided", "renumbered": "re-numbered", "address-rejected": "address rejected", "handover-refused": "refused at handover",
		"paper-out": "out of paper", "ribbon-out": "out of ribbon", "head-open": "print head open", "offline": "printer offline",
	},
}
