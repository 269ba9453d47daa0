import { fork } from 'node:child_process'
import { extname, join } from 'node:path'

/** What one run over a whole lake cost. */
export interface LakeRun {
  items: number
  seconds: number
  /** From asking to having the job. */
  mutationMs: number
  /** From asking to the first page whose results can be read. */
  firstPageMs: number
  /** Resident memory of the worker's process after a collection, in MiB: `at` items, and the most it was at any look. */
  memory: { at: number; mib: number }[]
}

export interface LakeRunRequest {
  databaseUrl: string
  mediaDir: string
  /** Items between two looks at the memory. */
  lookEvery: number
}

/**
 * Runs `autoTag` over the whole lake with a model of no cost, in a process of its own that is gateway and worker in one: what
 * it holds in memory is theirs alone.
 */
export function runOverLake(
  request: LakeRunRequest,
  onLook: (look: LakeRun['memory'][number]) => void,
): Promise<LakeRun> {
  const program = join(__dirname, `lakeRunProcess${extname(__filename)}`)
  return new Promise((resolve, reject) => {
    const child = fork(program, [JSON.stringify(request)], {
      execArgv: [...process.execArgv, '--expose-gc'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    let result: LakeRun | undefined
    child.on('message', (message: { look?: LakeRun['memory'][number]; result?: LakeRun }) => {
      if (message.look) onLook(message.look)
      if (message.result) result = message.result
    })
    child.on('error', reject)
    child.on('exit', (code) =>
      result ? resolve(result) : reject(new Error(`The run over the lake ended with ${code} and no result.`)),
    )
  })
}
