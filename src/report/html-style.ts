/**
 * The page's look: few colours, each with a meaning. Blue is good and vermilion bad, which all eyes tell apart; the deeper blue
 * was proved. Both themes come from one table.
 */
export const PAGE_STYLE = `
:root{color-scheme:light dark;
--paper:light-dark(#fbfbf9,#141619);--panel:light-dark(#fff,#1b1e22);--ink:light-dark(#1c1f23,#e8e9ea);--soft:light-dark(#5b6169,#a2a8b0);
--edge:light-dark(#e3e3df,#2d3238);--empty:light-dark(#ecece8,#262a2f);--verified:light-dark(#0b4a8f,#86c5ff);--good:light-dark(#5795d0,#3f79b4);
--bad:light-dark(#bf3b12,#ff8f66);--warn:light-dark(#a56a00,#e2b04a);--on:light-dark(#fff,#10161d);--focus:light-dark(#1c1f23,#fff);
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
:root[data-theme=light]{color-scheme:light}
:root[data-theme=dark]{color-scheme:dark}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;max-width:1056px;padding:40px 32px 64px;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
h1,h2,h3,h4,p,figure,ul,dl,dd{margin:0;padding:0}
[hidden]{display:none!important}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.symbols{position:absolute;width:0;height:0}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:3px}
header{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:4px 24px;align-items:start}
h1{font-size:26px;line-height:1.25;font-weight:650;letter-spacing:-.015em;text-wrap:balance}
h1 .m{width:.85em;height:.85em;vertical-align:-.06em;margin-right:.25em}
header p{grid-column:1/-1;color:var(--soft);font-size:13.5px;overflow-wrap:anywhere}
header .doubt{color:var(--warn)}
header code{color:var(--ink)}
#stale{color:var(--bad);font-weight:600}
code{font:12.5px/1.5 var(--mono)}
button{font:inherit;font-size:13px;color:var(--ink);background:var(--panel);border:1px solid var(--edge);border-radius:6px;padding:5px 12px;min-height:32px;cursor:pointer}
button:hover{border-color:var(--soft)}
#theme{padding:5px 8px;display:inline-grid;place-items:center}
#theme svg{width:18px;height:18px;fill:none;stroke:currentColor;stroke-width:1.6}
#theme svg path{fill:currentColor;stroke:none}
h2{font-size:17px;font-weight:650;letter-spacing:-.005em;margin:48px 0 2px}
h2+p,noscript p{color:var(--soft);font-size:13.5px;margin-bottom:16px}
h3{font-size:14px;font-weight:650}
.m{width:14px;height:14px;flex:none;vertical-align:-2px;overflow:visible;forced-color-adjust:none}
.m.verified{--c:var(--verified)}.m.complete,.m.unproved,.m.safety{--c:var(--good)}.m.partial{--c:var(--warn)}.m.failed,.m.disproved{--c:var(--bad)}
.a{fill:var(--c)}.b{fill:none;stroke:var(--on);stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round}.c{fill:var(--on)}
.o{fill:none;stroke:var(--c);stroke-width:1.5}.x{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linecap:round}
.f{fill:var(--bad);stroke:var(--panel);stroke-width:1.2}
.states{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(270px,100%),1fr));gap:16px;margin-top:28px}
.state,.board,.charts,.day{background:var(--panel);border:1px solid var(--edge);border-radius:10px;padding:18px 20px}
.state .word{display:flex;align-items:center;gap:8px;font-size:18px;font-weight:600;line-height:1.35;margin:2px 0 14px}
.state.failing .word,.state.disproved .word,.state.none .word{color:var(--bad)}
.state.late .word{color:var(--warn)}
.state h3,.charts h3,.board h3,.record h4{font-size:13px;font-weight:600;color:var(--soft);letter-spacing:.01em}
dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:5px 18px;font-size:13.5px}
dt{color:var(--soft)}
dd{text-align:right}
.ago{color:var(--soft);display:block;font-size:12.5px;line-height:1.3}
.board{display:grid;grid-template-columns:minmax(0,1fr);gap:18px}
.scroll{overflow-x:auto;margin:2px -20px 0;padding:3px 20px 6px;scrollbar-width:thin;scroll-padding-left:40px}
.calendar{border-spacing:3px;border-collapse:separate;margin-left:-3px;font-size:11px;line-height:1;color:var(--soft)}
.calendar td,.calendar th{padding:0;height:14px;font-weight:400;text-align:left}
.calendar th{min-width:28px;padding-right:4px}
.calendar tbody th{position:sticky;left:0;z-index:1;background:var(--panel);box-shadow:-20px 0 0 var(--panel)}
.calendar thead td{white-space:nowrap;height:14px}
.calendar td[data-d]{width:14px;min-width:14px;background:var(--empty);border-radius:3px;cursor:pointer}
.calendar td[data-d]:has(svg){background:none}
.calendar td .m{display:block}
.calendar td[aria-selected=true]{outline:2px solid var(--focus);outline-offset:1px}
.calendar td:focus-visible{outline:3px solid var(--focus);outline-offset:1px}
.legend{display:flex;flex-wrap:wrap;gap:6px 18px;list-style:none;font-size:12.5px;color:var(--soft);border-top:1px solid var(--edge);padding-top:14px}
.legend li{display:inline-flex;align-items:center;gap:7px}
.nothing{display:inline-block;background:var(--empty);border-radius:3px}
.day{margin-top:16px}
.day h3{font-size:16px}
.record{border-top:1px solid var(--edge);margin-top:14px;padding-top:12px;display:grid;grid-template-columns:88px minmax(0,1fr);gap:4px 16px}
.record h4{padding-top:1px;margin:0}
.record>.one,.record>details{grid-column:2}
.line{display:flex;flex-wrap:wrap;align-items:center;gap:2px 8px}
.line strong{font-weight:600}
.facts{color:var(--soft);font-size:13.5px}
.reason{font-size:13.5px;color:var(--soft);overflow-wrap:anywhere;white-space:pre-line;margin-top:2px;border-left:2px solid var(--bad);padding-left:10px}
.command{display:flex;gap:8px;align-items:stretch;margin-top:8px}
.command code{flex:1;min-width:0;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--paper);border:1px solid var(--edge);border-radius:6px;padding:6px 10px}
.copy{min-width:76px;align-self:start}
details{margin-top:8px;font-size:14px}
summary{cursor:pointer;color:var(--soft);font-size:13.5px;width:fit-content}
details .one{margin-top:12px}
.day p.note{color:var(--soft);font-size:13.5px;margin-top:12px}
#nothing button{margin-top:10px}
.charts{margin-top:16px}
.charts .row{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:24px;margin-top:10px}
figure{display:flex;flex-direction:column;min-width:0}
figcaption{display:grid;grid-template-rows:auto auto auto 1fr;flex:1}
figcaption .title{font-size:13px;font-weight:600}
figcaption .value{font-size:20px;font-weight:600;letter-spacing:-.01em;line-height:1.3}
figcaption .about{font-size:12px;line-height:1.35;color:var(--soft);margin-bottom:8px}
figure.empty p{flex:1;display:grid;place-items:center;min-height:84px;border:1px dashed var(--edge);border-radius:6px;color:var(--soft);font-size:13px;text-align:center;padding:8px}
figure.empty figcaption{flex:none}
.chart{width:100%;height:auto;display:block;overflow:visible}
.chart text{font-size:10.5px;fill:var(--soft)}
.chart .end{text-anchor:end}
.axis{stroke:var(--soft);stroke-opacity:.55}.grid{stroke:var(--edge);stroke-dasharray:2 3}
.bar{fill:var(--good)}.bar:hover{fill:var(--verified)}
.line{stroke-linejoin:round}
path.line{fill:none;stroke:var(--verified);stroke-width:1.8}path.thin{stroke-width:1;stroke-opacity:.45}
.area{fill:var(--good);fill-opacity:.16}.point{fill:var(--verified)}.hit{fill:transparent}
footer{margin-top:40px;color:var(--soft);font-size:12.5px;max-width:70ch}
footer p+p{margin-top:6px}
.blank{margin-top:28px;background:var(--panel);border:1px dashed var(--edge);border-radius:10px;padding:40px 24px;text-align:center;color:var(--soft)}
.blank code{display:inline-block;margin-top:8px;color:var(--ink)}
@media (max-width:820px){.charts .row{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media (max-width:560px){body{padding:24px 16px 48px}h1{font-size:22px}.state,.board,.charts,.day{padding:16px}.scroll{margin:2px -16px 0;padding:3px 16px 6px}.pad{display:none}
.record{grid-template-columns:minmax(0,1fr)}.record>.one,.record>details{grid-column:1}.charts .row{grid-template-columns:minmax(0,1fr);gap:28px}.command{flex-direction:column}.copy{align-self:start}
button{min-height:40px}#theme{min-width:40px}}
@media print{:root,:root[data-theme]{color-scheme:light}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}body{padding:0;max-width:none;font-size:10pt;background:none}
button,summary,.hint{display:none!important}.state,.charts,.board,.day{break-inside:avoid;box-shadow:none}.scroll{overflow:visible}.calendar{zoom:.74}
.command code{white-space:pre-wrap;overflow-wrap:anywhere}.states{grid-template-columns:repeat(3,minmax(0,1fr));gap:10px}.charts .row{grid-template-columns:repeat(4,minmax(0,1fr));gap:14px}header{display:block}.state,.charts,.board,.day{padding:10px 12px}dl{font-size:8pt;gap:3px 8px}.ago{font-size:7.5pt}h2{margin-top:24px}figcaption .value{font-size:16px}figcaption .title,figcaption .about{font-size:8pt}}
`
