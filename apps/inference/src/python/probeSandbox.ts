import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { z } from 'zod'
import type { Interpreter } from './interpreter'
import type { Sandbox } from './sandbox'

// What must not work, tried. It says "in" for what it got into.
const attempt = `
import json, socket, sys
host_file, port = sys.argv[1], int(sys.argv[2])
def tried(action):
    try:
        action()
        return "in"
    except Exception as error:
        return str(error)
print(json.dumps({
    "hostFile": tried(lambda: open(host_file).close()),
    "network": tried(lambda: socket.create_connection(("127.0.0.1", port), 2)),
    "root": tried(lambda: open("/lakelens-probe", "w").close()),
    "kernel": tried(lambda: open("/proc/sys/kernel/core_pattern", "r+").close()),
    "scratch": tried(lambda: open("/tmp/probe", "w").close()),
}))
`

const outcome = z.object({
  hostFile: z.string(),
  network: z.string(),
  root: z.string(),
  kernel: z.string(),
  scratch: z.string(),
})
const answerWithinMs = 20_000

/** Runs the interpreter in the sandbox and lets it try what it must not be able to do. Throws what is wrong. */
export async function probeSandbox(sandbox: Sandbox, { executable }: Interpreter): Promise<void> {
  // A listener on the loopback address of this machine, where a database or this service itself may listen.
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const { child, kill } = await sandbox.start({
      file: executable,
      args: ['-I', '-S', '-c', attempt, __filename, String(port)],
      environment: {},
      readOnly: [],
      writable: [],
      network: false,
      workingFolder: '/tmp',
      tmpMiB: 1,
    })
    const timer = setTimeout(kill, answerWithinMs)
    let said = ''
    let complained = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-10_000)))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complained = (complained + text).slice(-2_000)))
    child.stdin?.on('error', () => undefined).end()
    const [code] = (await once(child, 'close').finally(() => clearTimeout(timer))) as [number | null]
    if (code !== 0) throw new Error(complained.trim() || `it ended with ${code ?? 'a signal'}`)
    judge(outcome.parse(JSON.parse(said)))
  } finally {
    server.close()
  }
}

function judge({ scratch, ...forbidden }: z.infer<typeof outcome>): void {
  const got = Object.entries(forbidden).filter(([, result]) => result === 'in')
  if (got.length > 0) throw new Error(`from inside it, these were in reach: ${got.map(([name]) => name).join(', ')}`)
  if (scratch !== 'in') throw new Error(`nothing can be written to its /tmp: ${scratch}`)
}
