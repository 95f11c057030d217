/** What the page of a timeline looks like, by day and by night. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #fcfcfb; --ink: #1c2026; --soft: #666e79; --line: #e3e5e8; --shade: #f4f5f6;
  --part: #dce8f8; --part-edge: #4d7fbf; --past: #eceef0; --past-edge: #a9b0b9;
  --wrong: #fbdcd8; --wrong-edge: #c8372a; --order: #1f7a4d; --on-order: #fff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181c; --ink: #e6e8eb; --soft: #959da8; --line: #2a2f36; --shade: #1a1e23;
    --part: #21364f; --part-edge: #79aae6; --past: #25292f; --past-edge: #6a727d;
    --wrong: #54211d; --wrong-edge: #ff8375; --order: #4cc38a; --on-order: #0d1a13;
  }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 28px 32px 48px; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 21px; font-weight: 600; }
h1 code { color: var(--wrong-edge); }
h2 { margin: 0 0 8px; font-size: 15px; font-weight: 600; }
p { margin: 4px 0 0; color: var(--soft); }
code, td, svg text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { font-size: 0.95em; }
.drawing { margin: 22px 0 26px; overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
svg { display: block; min-width: 100%; }
svg text { font-size: 12px; fill: var(--ink); }
.bar text { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-opacity: 0.75; }
.lane { fill: var(--paper); } .lane.odd { fill: var(--shade); }
.grid { stroke: var(--line); stroke-dasharray: 2 4; }
text.process { text-anchor: end; fill: var(--soft); }
.bar rect { fill: var(--part); fill-opacity: 0.88; } .bar .edge { stroke: var(--part-edge); stroke-width: 2; }
.before rect { fill: var(--past); } .before .edge { stroke: var(--past-edge); } .before text { fill: var(--soft); }
.culprit rect { fill: var(--wrong); stroke: var(--wrong-edge); stroke-width: 1.5; }
.culprit .edge { stroke: var(--wrong-edge); } .culprit text { font-weight: 700; }
.bar:hover rect, .bar:focus rect { filter: brightness(0.95); } .bar:focus { outline: none; }
.order { fill: none; stroke: var(--order); stroke-width: 1.75; stroke-linejoin: round; opacity: 0.8; }
.step circle { fill: var(--order); stroke: var(--paper); stroke-width: 1.5; }
.step text { font-size: 10px; font-weight: 600; text-anchor: middle; fill: var(--on-order); pointer-events: none; }
.tables { display: flex; flex-wrap: wrap; gap: 32px 56px; align-items: flex-start; }
table { border-collapse: collapse; font-size: 13px; }
td { padding: 3px 18px 3px 0; border-top: 1px solid var(--line); vertical-align: top; }
td.number { color: var(--order); text-align: right; padding-right: 12px; }
td.soft, tr.before td { color: var(--soft); }
tr.culprit td { color: var(--wrong-edge); font-weight: 600; }
#tip { position: fixed; display: none; max-width: 34em; padding: 7px 11px; border-radius: 6px; background: var(--ink); color: var(--paper);
  font: 12.5px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre-wrap; pointer-events: none; }
`

/** Shows what is under the pointer, or has the focus. */
export const script = `
const tip = document.getElementById('tip')
const show = (event) => {
  const text = event.target.closest?.('[data-tip]')?.dataset.tip
  tip.style.display = text ? 'block' : 'none'
  if (!text) return
  const box = event.target.getBoundingClientRect()
  const [x, y] = event.type === 'focusin' ? [box.left, box.bottom] : [event.clientX, event.clientY]
  tip.textContent = text
  tip.style.left = Math.min(x + 14, innerWidth - tip.offsetWidth - 12) + 'px'
  tip.style.top = Math.min(y + 18, innerHeight - tip.offsetHeight - 12) + 'px'
}
document.querySelector('.culprit')?.scrollIntoView({ inline: 'center', block: 'nearest' })
for (const kind of ['mousemove', 'focusin', 'focusout']) document.addEventListener(kind, show)
`
