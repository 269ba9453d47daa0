import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = path.join(__dirname, '..', '..', '..', '..')

interface Outcome {
  outcome: string
  left: string[]
  ms: number
  /** The process's whole growth: making the archive, compressing it, reading it. */
  grownMiB: number
}

async function extract(kind: 'zeros' | 'noise' | 'plain', bytes: number, maxRatio = 100): Promise<Outcome> {
  const script = path.join(__dirname, '..', 'testing', 'extractZeros.ts')
  const register = path.join(root, 'tools', 'register.cjs')
  const argv = ['--conditions=@lakelens/source', '--require', register, script, kind, String(bytes), String(maxRatio)]
  const { stdout } = await run(process.execPath, argv, { cwd: root })
  return JSON.parse(stdout) as Outcome
}

// 10 GB with LAKELENS_TEST_BOMB_BYTES=10e9; a reader that unpacked first and judged later would fill the disk with it.
const bombBytes = Number(process.env['LAKELENS_TEST_BOMB_BYTES'] ?? 1e9)
// Above what the process weighs before it begins. Measured: 40 to 53 MiB for either, and no more for ten times the bytes.
const maxGrowthMiB = 96

test('a bomb of zeros is refused by its ratio, at once, in flat memory, and leaves nothing', async () => {
  const { outcome, left, ms, grownMiB } = await extract('zeros', bombBytes)
  expect({ outcome, left }).toEqual({ outcome: 'ARCHIVE_RATIO', left: [] })
  expect(ms).toBeLessThan(10_000)
  expect(grownMiB).toBeLessThan(maxGrowthMiB)
})

test('weights of 150 MB are unpacked in the same memory', async () => {
  const { outcome, grownMiB } = await extract('noise', 150e6)
  expect(outcome).toBe('extracted')
  expect(grownMiB).toBeLessThan(maxGrowthMiB)
})
