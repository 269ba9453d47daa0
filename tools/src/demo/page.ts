import type { Neighbour } from './similarity'

export interface DemoBox {
  label: string
  confidence: number
  /** 0 to 1 of the picture, from its top left. */
  box: { x: number; y: number; width: number; height: number }
}

export interface DemoPicture {
  name: string
  /** Pixels. */
  width: number
  height: number
  /** A `data:` address. */
  source: string
  tags: { label: string; count: number; maxConfidence: number | null }[]
  boxes: DemoBox[]
  neighbour: Neighbour | null
}

export interface DemoModel {
  name: string
  license: string | null
}

/** How right the boxes are, where it is known what is in the pictures. */
export interface MeasuredDemo {
  lines: string[]
  /** Boxes that should be there and aren't, by picture. */
  missed: ReadonlyMap<string, Pick<DemoBox, 'label' | 'box'>[]>
}

export interface DemoPage {
  pictures: DemoPicture[]
  tagger: DemoModel
  embedder: DemoModel & { dimension: number | null }
  /** Address of the running gateway. */
  gateway: string
  /** Why these are not the default models; empty when they are. */
  notice: string[]
  measured: MeasuredDemo | null
}

/** One self-contained page: the pictures with their boxes, tags and nearest neighbours. Loads nothing, runs no script. */
export function renderPage(page: DemoPage): string {
  const sources = new Map(page.pictures.map((picture) => [picture.name, picture.source]))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>LakeLens demo</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>LakeLens demo</h1>
<p>${page.pictures.length} pictures, tagged by <b>${modelText(page.tagger)}</b>, embedded by <b>${modelText(page.embedder)}</b>${
    page.embedder.dimension === null ? '' : ` as ${page.embedder.dimension} numbers each`
  }.</p>
<nav>${link(`${page.gateway}/graphql`, 'Sandbox')}${link(`${page.gateway}/graphiql`, 'GraphiQL')}</nav>
${page.notice.length > 0 ? `<p class="notice">${page.notice.map(escape).join('<br>')}</p>` : ''}
${page.measured ? renderMeasured(page.measured) : ''}
</header>
<main>
${page.pictures.map((picture) => renderPicture(picture, sources, page.measured?.missed.get(picture.name) ?? [])).join('\n')}
</main>
</body>
</html>
`
}

function renderMeasured({ lines, missed }: MeasuredDemo): string {
  const anyMissed = [...missed.values()].some((boxes) => boxes.length > 0)
  return `<section><h2>How right it is</h2>${lines.map((line) => `<p>${escape(line)}</p>`).join('')}${
    anyMissed ? '<p>Dashed: what it missed.</p>' : ''
  }</section>`
}

function renderPicture(
  picture: DemoPicture,
  sources: ReadonlyMap<string, string>,
  missed: Pick<DemoBox, 'label' | 'box'>[],
): string {
  // Large ones first, so that the captions of what lies inside are on top.
  const boxes = [...picture.boxes].sort((a, b) => b.box.width * b.box.height - a.box.width * a.box.height)
  const tags = picture.tags.map(
    (tag) =>
      `<li style="--hue:${hue(tag.label)}">${escape(tag.label)}${tag.count > 1 ? ` ×${tag.count}` : ''}${
        tag.maxConfidence === null ? '' : ` <small>${percent(tag.maxConfidence)}</small>`
      }</li>`,
  )
  return `<article>
<div class="picture" style="aspect-ratio:${picture.width}/${picture.height}">
<img src="${escape(picture.source)}" alt="${escape(picture.name)}">
<svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">${boxes.map((box) => rectangle(box)).join('')}${missed.map((box) => rectangle(box, ' class="missed"')).join('')}</svg>
${boxes.map(caption).join('')}
</div>
<div class="text">
<h2>${escape(picture.name)}</h2>
<ul>${tags.length > 0 ? tags.join('') : '<li class="none">nothing found</li>'}</ul>
${picture.neighbour ? neighbour(picture.neighbour, sources) : ''}
</div>
</article>`
}

function rectangle({ label, box }: Pick<DemoBox, 'label' | 'box'>, kind = ''): string {
  const { x, y, width, height } = box
  return `<rect${kind} x="${fixed(x)}" y="${fixed(y)}" width="${fixed(width)}" height="${fixed(height)}" style="--hue:${hue(label)}"/>`
}

/** HTML over the SVG and not SVG text: its size is the page's, whatever the picture is scaled to. */
function caption({ label, confidence, box }: DemoBox): string {
  // Above the box when there is room, else inside; on the right half it grows to the left, so that it is never cut off.
  const vertical = box.y > 0.08 ? `bottom:${fixed((1 - box.y) * 100)}%` : `top:${fixed(Math.max(0, box.y) * 100)}%`
  const right = box.x + box.width
  const horizontal =
    box.x > 0.6 ? `right:${fixed((1 - Math.min(1, right)) * 100)}%` : `left:${fixed(Math.max(0, box.x) * 100)}%`
  return `<span class="caption" style="${vertical};${horizontal};--hue:${hue(label)}">${escape(label)} ${percent(confidence)}</span>`
}

function neighbour({ name, score }: Neighbour, sources: ReadonlyMap<string, string>): string {
  const source = sources.get(name)
  return `<p class="neighbour">${source ? `<img src="${escape(source)}" alt="">` : ''}<span>most like <b>${escape(name)}</b><br><small>cosine ${score.toFixed(3)}</small></span></p>`
}

const modelText = (model: DemoModel): string =>
  `${escape(model.name)}${model.license ? ` (${escape(model.license)})` : ''}`
const link = (address: string, text: string): string => `<a href="${escape(address)}">${text}</a>`
const percent = (share: number): string => `${Math.round(share * 100)} %`
const fixed = (value: number): string => String(Number(value.toFixed(4)))

/** One hue a label, the same on every page: a hash, spread by the golden angle so that near hashes differ in colour. */
function hue(label: string): number {
  let hash = 7
  for (const character of label) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 9973
  return Math.round((hash * 137.508) % 360)
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const style = `
:root{--page:#f5f6f8;--card:#fff;--text:#1c2430;--soft:#5c6675;--line:#e1e5eb}
@media (prefers-color-scheme:dark){:root{--page:#12151a;--card:#1b2027;--text:#e8ebf0;--soft:#98a2b1;--line:#2b323c}}
*{box-sizing:border-box}
body{margin:0;padding:2.5rem clamp(1rem,4vw,4rem) 4rem;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}
header{max-width:80rem;margin:0 auto 2rem}
h1{margin:0 0 .25rem;font-size:1.9rem;letter-spacing:-.02em}
header p{margin:0 0 .75rem;color:var(--soft)}
header b{color:var(--text);font-weight:600}
.notice,section{margin:1rem 0 0;padding:.8rem 1rem;border:1px solid var(--line);border-radius:.75rem;background:var(--card);font-size:.9rem}
.notice{border-left:.3rem solid hsl(38 90% 50%)}
section h2{margin:0 0 .3rem}
header section p{margin:0 0 .2rem}
nav a{display:inline-block;margin-right:.5rem;padding:.3rem .8rem;border:1px solid var(--line);border-radius:2rem;background:var(--card);color:inherit;text-decoration:none;font-size:.9rem}
main{max-width:80rem;margin:0 auto;columns:21rem;column-gap:1.5rem}
article{break-inside:avoid;margin:0 0 1.5rem;overflow:hidden;border:1px solid var(--line);border-radius:.75rem;background:var(--card)}
.picture{position:relative;overflow:hidden}
.picture img,.picture svg{position:absolute;inset:0;width:100%;height:100%;display:block}
rect{fill:hsl(var(--hue) 90% 60%/.1);stroke:hsl(var(--hue) 90% 58%);stroke-width:2.5px;vector-effect:non-scaling-stroke}
rect.missed{fill:none;stroke-dasharray:6 5}
.caption{position:absolute;padding:0 .4rem;background:hsl(var(--hue) 75% 33%);color:#fff;font-size:.75rem;line-height:1.25rem;white-space:nowrap;border-radius:.2rem}
.text{padding:.9rem 1rem 1rem}
h2{margin:0 0 .5rem;font-size:1rem;overflow-wrap:anywhere}
ul{display:flex;flex-wrap:wrap;gap:.35rem;margin:0;padding:0;list-style:none}
li{padding:.1rem .6rem;border-radius:1rem;font-size:.85rem;background:hsl(var(--hue) 70% 50%/.16);box-shadow:inset 0 0 0 1px hsl(var(--hue) 70% 50%/.4)}
li.none{background:none;box-shadow:inset 0 0 0 1px var(--line);color:var(--soft)}
small{color:var(--soft);font-size:.8em}
.neighbour{display:flex;align-items:center;gap:.7rem;margin:.9rem 0 0;padding-top:.8rem;border-top:1px solid var(--line);font-size:.875rem;line-height:1.35;color:var(--soft)}
.neighbour b{color:var(--text);font-weight:600}
.neighbour img{width:3rem;height:3rem;object-fit:cover;border-radius:.4rem}
`
