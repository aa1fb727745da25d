// audit names, a line each, what a person at arm's length with gloves on would not
// accept of the page as it stands: text that is cut off or lies under something else, too little contrast (WCAG
// 2.1 AA), targets under 48 pixels, a picker's page that must be scrolled at the size
// of a handheld, a packer's button without a key.
(function () {
  var bad = [], page = location.pathname.slice(1), all = Array.prototype;
  var cover = document.querySelector(".cover"), root = cover || document.getElementById("app") || document.body;

  function colour(c) { var p = (c.match(/[\d.]+/g) || []).map(Number); return p.length < 4 ? p.concat(1) : p; }
  function light(c) {
    return [0.2126, 0.7152, 0.0722].reduce(function (sum, w, i) {
      var v = c[i] / 255;
      return sum + w * (v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4));
    }, 0);
  }
  function behind(el) {
    for (; el; el = el.parentElement) { var c = colour(getComputedStyle(el).backgroundColor); if (c[3] === 1) return c; }
    return [255, 255, 255];
  }
  function scrolls(el, side) {
    for (; el && el !== root.parentElement; el = el.parentElement) if (/auto|scroll/.test(getComputedStyle(el)[side])) return true;
    return false;
  }

  // over names what lies on the end of one of the element's lines, if anything does.
  function over(el) {
    var range = document.createRange(), found = "";
    range.selectNodeContents(el);
    all.forEach.call(range.getClientRects(), function (r) {
      var x = r.right - 3, y = (r.top + r.bottom) / 2;
      if (r.width < 6 || x < 0 || y < 0 || x > innerWidth || y > innerHeight || scrolls(el, "overflowX") || scrolls(el, "overflowY")) return;
      var top = document.elementFromPoint(x, y);
      var drawer = top && top.closest(".drawer,.over"); // what was opened over the page lies over it
      if (top && top.tagName !== "CANVAS" && !el.contains(top) && !top.contains(el) && (!drawer || drawer.contains(el))) found = top.tagName.toLowerCase() + "." + top.className;
    });
    return found;
  }

  all.forEach.call(root.querySelectorAll("*"), function (el) {
    var r = el.getBoundingClientRect(), s = getComputedStyle(el);
    if (!r.width || !r.height || s.visibility === "hidden" || s.opacity === "0" || el.closest("canvas,svg,.wall")) return;
    var text = all.filter.call(el.childNodes, function (n) { return n.nodeType === 3 && n.data.trim(); }).map(function (n) { return n.data.trim(); }).join(" ");
    var name = el.tagName.toLowerCase() + (el.className ? "." + el.className : "") + " \"" + (el.innerText || el.placeholder || "").slice(0, 40) + "\"";
    if (text) {
      var a = light(colour(s.color)), b = light(behind(el)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(s.fontSize);
      var large = size >= 24 || size >= 18.66 && Number(s.fontWeight) >= 700;
      if (!el.disabled && ratio < (large ? 3 : 4.5)) bad.push("contrast " + ratio.toFixed(1) + " of " + name);
      if ((r.left < -1 || r.right > innerWidth + 1) && !scrolls(el, "overflowX")) bad.push("off the screen: " + name);
      if (over(el)) bad.push("under " + over(el) + ": " + name);
      if (s.overflowY === "hidden" && el.scrollHeight > el.clientHeight + 3) bad.push("cut off below: " + name);
    }
    if (s.overflowX === "hidden" && s.textOverflow !== "ellipsis" && el.scrollWidth > el.clientWidth + 1) bad.push("cut off sideways: " + name);
    if ((el.tagName === "BUTTON" || el.tagName === "A" && /button/.test(el.className)) && (r.height < 47.5 || r.width < 47.5)) bad.push("small target " + Math.round(r.width) + "x" + Math.round(r.height) + ": " + name);
    if (page === "station" && !cover && el.tagName === "BUTTON" && el.closest("main section") && !el.getAttribute("data-key")) bad.push("no key for " + name);
  });
  var main = document.querySelector("main");
  if (page === "pda" && main && main.scrollHeight > main.clientHeight + 1) bad.push("the page must be scrolled by " + (main.scrollHeight - main.clientHeight));
  if (document.documentElement.scrollWidth > innerWidth) bad.push("the page is " + (document.documentElement.scrollWidth - innerWidth) + " pixels too wide");
  return bad.join("\n");
})()
