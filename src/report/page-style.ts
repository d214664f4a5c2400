/** @file The report's style sheet: one column, three sizes of type, hairlines; light, dark, phone and paper. */
import { colourRules } from "./palette.ts";

/** The sheet. */
export const PAGE_STYLE = `${colourRules(":root")}
*{box-sizing:border-box}
html{color-scheme:light dark;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0 auto;max-width:944px;padding:32px 32px 96px;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}
h1,h2{font-size:22px;line-height:1.3;letter-spacing:-.01em;margin:0 0 8px;overflow-wrap:anywhere}
h3{font-size:13px;margin:0 0 8px;font-weight:600;overflow-wrap:anywhere}
p{margin:0 0 16px;max-width:72ch}
a{color:var(--accent)}
code{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
.brand{color:var(--soft);font-size:13px;margin:0 0 24px}.brand b{color:var(--ink);font-size:16px;letter-spacing:-.02em}
.lead{overflow-wrap:anywhere}
.headlines{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:16px 24px;margin:24px 0;padding:16px 0;border-block:1px solid var(--line)}
.headlines dt{font-size:13px;color:var(--soft)}.headlines dd{margin:0;font-size:13px;color:var(--soft);white-space:nowrap}.headlines b{font-size:22px;color:var(--ink);font-weight:600;margin-right:4px}
nav{display:flex;flex-wrap:wrap;gap:4px 20px;font-size:13px}nav a{text-decoration:none;padding:4px 0}nav a:hover{text-decoration:underline}
.ask,.note{display:block;font-size:13px;margin:16px 0 0}.ask span,.note{color:var(--soft)}
section{margin-top:64px}
.answer{margin-bottom:24px}
figure{margin:0 0 48px;position:relative}
.art{border-radius:4px}.art svg{display:block;width:100%;height:auto;overflow:visible}
.narrow{display:none}
.frame[hidden]{display:none}
.below{display:flex;gap:8px 24px;justify-content:space-between;align-items:start;margin-top:16px}
figcaption{font-size:13px;color:var(--soft);max-width:75ch}
.buttons{display:flex;gap:8px;flex:none}
button{font:13px/1 system-ui,sans-serif;color:var(--accent);background:none;border:1px solid var(--line);border-radius:4px;padding:8px 12px;cursor:pointer}button:hover{border-color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.slider{display:flex;align-items:center;gap:12px;font-size:13px;margin-top:16px}.slider input{flex:0 1 320px;accent-color:var(--accent)}
figure[data-pictures] circle{cursor:pointer}circle.at{stroke:var(--ink);stroke-width:2.5;stroke-opacity:1}
#preview{position:fixed;z-index:1;left:0;top:0;max-width:208px;padding:8px;background:var(--paper);border:1px solid var(--line);border-radius:6px;box-shadow:0 4px 16px #0003;pointer-events:none}
#preview p{margin:0;font-size:13px;line-height:1.4;white-space:pre-line;overflow-wrap:anywhere}
#preview img{display:block;max-width:192px;max-height:160px;margin-bottom:8px;border-radius:3px}#preview img:not([src]){display:none}
img.graphic{filter:blur(14px)}:root.all img.graphic{filter:none}
.strips{display:grid;gap:24px;margin-bottom:32px}
.strip ul{display:grid;grid-template-columns:repeat(8,1fr);gap:8px;list-style:none;margin:0;padding:0;font-size:13px}
.strip li{overflow:hidden;border-radius:3px}.strip img{display:block;width:100%;aspect-ratio:4/3;object-fit:cover}
details{font-size:13px}summary{cursor:pointer;font-weight:600;padding:8px 0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:6px 16px 6px 0;border-top:1px solid var(--line);overflow-wrap:anywhere}th{font-weight:400;color:var(--soft);width:30%}
#absent li{margin-bottom:8px;font-size:13px}
@media screen and (max-width:640px){body{padding:20px 20px 64px}.wide{display:none}.narrow{display:block}section{margin-top:48px}.below{flex-direction:column}.strip ul{grid-template-columns:repeat(4,1fr)}.headlines{grid-template-columns:1fr 1fr}.headlines dd span{display:block}th{width:38%}}
@page{margin:16mm 14mm}
@media print{html{color-scheme:light}body{padding:0;font-size:11pt;max-width:none}.buttons,.slider,nav,.ask,#preview{display:none}figure,.strip,.headlines{break-inside:avoid}h2,.answer{break-after:avoid}section{margin-top:28px}figure{margin-bottom:24px}a{color:inherit;text-decoration:none}}
`;
