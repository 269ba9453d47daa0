import { renderPage, type DemoPage } from './page'

const page = (name: string, label: string): DemoPage => ({
  pictures: [
    {
      name,
      width: 640,
      height: 480,
      source: 'data:image/jpeg;base64,AAAA',
      tags: [{ label, count: 2, maxConfidence: 0.876 }],
      boxes: [{ label, confidence: 0.876, box: { x: 0.25, y: 0.5, width: 0.5, height: 0.25 } }],
      neighbour: { name: 'other.jpg', score: 0.5 },
    },
    {
      name: 'other.jpg',
      width: 1,
      height: 1,
      source: 'data:image/png;base64,BBBB',
      tags: [],
      boxes: [],
      neighbour: null,
    },
  ],
  tagger: { name: 'yolov8n', license: 'AGPL-3.0' },
  embedder: { name: 'mobilenetv2', license: null, dimension: 1280 },
  gateway: 'http://127.0.0.1:4000',
  notice: [],
  measured: null,
})

test('boxes are drawn where they are, with label and confidence', () => {
  const html = renderPage(page('a.jpg', 'cat'))
  expect(html).toMatch(/<rect x="0.25" y="0.5" width="0.5" height="0.25"/)
  expect(html).toMatch(/class="caption" style="bottom:50%;left:25%;[^"]*">cat 88 %</)
  expect(html).toContain('cat ×2 <small>88 %</small>')
  expect(html).toContain('yolov8n (AGPL-3.0)')
  expect(html).toContain('nothing found')
  expect(html).toMatch(/src="data:image\/png;base64,BBBB" alt=""><span>most like <b>other.jpg/)
})

test('names and labels are text, never markup', () => {
  const attack = `"><script>alert('1')</script>&`
  const html = renderPage(page(attack, attack))
  expect(html).not.toContain('<script')
  expect(html).toContain('&#34;&#62;&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;&#38;')
})

test('nothing is loaded from anywhere, whatever the pictures are', () => {
  const html = renderPage(page('a.jpg', 'cat'))
  expect(html).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`)
  expect(html.match(/src="(?!data:)/g)).toBeNull()
})

test('what was measured and why these models are shown is text of the page, and what was missed is dashed', () => {
  const box = { x: 0.1, y: 0.2, width: 0.3, height: 0.4 }
  const html = renderPage({
    ...page('a.jpg', 'star'),
    notice: ['No <default> models.'],
    measured: { lines: ['F1 0.9 & more'], missed: new Map([['a.jpg', [{ label: 'heart', box }]]]) },
  })
  expect(html).toContain('<p class="notice">No &#60;default&#62; models.</p>')
  expect(html).toContain('<p>F1 0.9 &#38; more</p><p>Dashed: what it missed.</p>')
  expect(html.match(/<rect class="missed"/g)).toHaveLength(1)
  expect(html).toMatch(/<rect class="missed" x="0.1" y="0.2" width="0.3" height="0.4"/)
  expect(renderPage(page('a.jpg', 'star'))).not.toContain('How right it is')
})
