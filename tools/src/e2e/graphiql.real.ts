import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { spawnGateway, type GatewayProcess } from './gatewayProcess'
import { modelsDir } from './realMedia'

const folder = mkdtempSync(join(tmpdir(), 'lakelens-page-'))
const executablePath = process.env['LAKELENS_CHROMIUM'] ?? '/usr/bin/chromium'
let gateway: GatewayProcess
let browser: Browser

beforeAll(async () => {
  if (!existsSync(executablePath))
    throw new Error(`no browser at ${executablePath}: install Debian's chromium, or name one in LAKELENS_CHROMIUM`)
  gateway = await spawnGateway({ LAKELENS_DATA: folder, LAKELENS_MODELS_DIR: modelsDir(), LAKELENS_LOG_LEVEL: 'warn' })
  // Chromium's own sandbox can't be set up by root, which CI machines run as.
  const args = [
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ]
  browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? [...args, '--no-sandbox'] : args })
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('GraphiQL works without internet: the page loads from our files alone, and a query typed into it is answered', async () => {
  const page = await browser.newPage()
  const foreign: string[] = []
  const faults: string[] = []
  await page.route('**/*', (route) => {
    const url = route.request().url()
    if (url.startsWith(gateway.url) || /^(data|blob):/.test(url)) return route.continue()
    foreign.push(url)
    return route.abort()
  })
  page.on('pageerror', (error) => faults.push(error.message))
  await page.goto(`${gateway.url}/graphiql`, { waitUntil: 'load' })

  const editor = page.locator('.graphiql-query-editor .view-lines').first()
  await editor.click({ timeout: 30_000 })
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.press('Delete')
  await page.keyboard.insertText('query Who { viewer { name role } collections { totalCount } }')
  // The page reads the operation's name a moment after the last key; its tab shows it then.
  await page.getByRole('tab', { name: 'Who' }).waitFor({ timeout: 10_000 })
  await page.locator('.graphiql-execute-button').click()

  const answer = page.locator('.result-window')
  await answer.getByText('"ADMIN"').first().waitFor({ timeout: 20_000 })
  if (process.env['LAKELENS_SCREENSHOTS'])
    await page.screenshot({ path: join(process.env['LAKELENS_SCREENSHOTS'], 'graphiql.png') })
  expect(await answer.innerText()).toContain('"totalCount"')
  expect(foreign).toEqual([])
  expect(faults).toEqual([])
}, 90_000)

test("Apollo Sandbox's page is served at /graphql to a browser, and JSON to a client", async () => {
  const html = await fetch(`${gateway.url}/graphql`, { headers: { accept: 'text/html' } })
  expect(html.status).toBe(200)
  expect(html.headers.get('content-type')).toMatch(/text\/html/)
  expect(await html.text()).toMatch(/apollo/i)
  const json = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ __typename }' }),
  })
  expect(await json.json()).toEqual({ data: { __typename: 'Query' } })
})
