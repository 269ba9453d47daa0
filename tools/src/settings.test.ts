import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apiAddress } from './settings'

const folder = mkdtempSync(join(tmpdir(), 'lakelens-settings-'))
writeFileSync(join(folder, 'admin-key'), 'lk_first.secret\n')
afterAll(() => rmSync(folder, { recursive: true }))

test('an option goes before the environment, and that before the first key', async () => {
  const environment = {
    LAKELENS_URL: 'https://lake.example/graphql',
    LAKELENS_KEY: 'lk_env.secret',
    LAKELENS_DATA: folder,
  }
  expect(await apiAddress({}, environment)).toEqual({ url: 'https://lake.example', key: 'lk_env.secret' })
  expect(await apiAddress({ url: 'http://other:1/', key: 'lk_a:b' }, environment)).toEqual({
    url: 'http://other:1',
    key: 'lk_a.b',
  })
  expect(await apiAddress({}, { LAKELENS_DATA: folder })).toEqual({
    url: 'http://127.0.0.1:4000',
    key: 'lk_first.secret',
  })
})

test('the first key of this machine is not sent to another', async () => {
  expect(await apiAddress({ url: 'https://lake.example' }, { LAKELENS_DATA: folder })).toMatchObject({ key: undefined })
  expect(await apiAddress({ url: 'http://127.0.0.1.lake.example' }, { LAKELENS_DATA: folder })).toMatchObject({
    key: undefined,
  })
})

test.each(['file:///etc', 'lake.example', ''])('%p is no address of an API', async (url) => {
  await expect(apiAddress({ url }, {})).rejects.toMatchObject({ code: 'URL_INVALID' })
})

test.each(['half', 'a.b.c', 'a b.c', '.secret'])('%p is no key with its secret', async (key) => {
  await expect(apiAddress({ key }, {})).rejects.toMatchObject({ code: 'KEY_INVALID' })
})
