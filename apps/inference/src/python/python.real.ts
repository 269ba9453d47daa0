import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, type Server, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DetectResult, ModelRef } from '@lakelens/inference-client'
import { silentLogger } from '@lakelens/kernel'
import sharp from 'sharp'
import { findInterpreter } from './interpreter'
import { measurePython } from './measure'
import { findSandbox } from './sandbox'
import { maxTasks } from './taskLimit'
import { type PythonService, box, plain, startPythonService } from './testing/pythonService'
import { tells } from './testing/scripts'
import { testSettings } from './testing/settings'
import { makeSource, makeWheel } from './testing/wheels'

// Needs bubblewrap, Python with pip, and for the last tests the package index. Fails where they are missing.
const annotator = { application: 'AUTO_ANNOTATION' as const, labels: ['anything'] }
const trial = { script: 'trials.py', labels: ['thing'] }
const found = [{ label: 'thing', confidence: 0.875, box: { x: 0, y: 0, width: 0.5, height: 1 } }]

const folder = mkdtempSync(join(tmpdir(), 'lakelens-host-'))
const secretFile = join(folder, 'secret.txt')
const socketFile = join(folder, 'socket')
const listeners: Server[] = []
let port: number

const listen = async (where: object): Promise<Server> => {
  const server = createServer((socket) => socket.end('in')).listen(where)
  listeners.push(server)
  await once(server, 'listening')
  return server
}

beforeAll(async () => {
  writeFileSync(secretFile, 'the secret of this machine')
  process.env['LAKELENS_TEST_SECRET'] = 'the secret of this environment'
  port = ((await listen({ port: 0, host: '127.0.0.1' })).address() as AddressInfo).port
  await listen({ path: socketFile })
  await listen({ path: '\0lakelens-test' })
})
afterAll(() => {
  for (const server of listeners) server.close()
  rmSync(folder, { recursive: true, force: true })
})

const withService = async (
  test: (service: PythonService) => Promise<void>,
  ...settings: Parameters<typeof startPythonService>
): Promise<void> => {
  const service = await startPythonService(...settings)
  try {
    await test(service)
  } finally {
    await service.close()
  }
}

const forkAndCount = (limit: number): string => `
import os, resource, time
resource.setrlimit(resource.RLIMIT_NPROC, (${limit}, ${limit}))
count = 0
try:
    while count < ${4 * limit}:
        if os.fork() == 0:
            time.sleep(600)
        count += 1
except OSError:
    pass
print(count, flush=True)
os._exit(0)
`

const told = (result: DetectResult | undefined): string[] => {
  if (!result || 'error' in result) throw new Error(result?.error.message ?? 'no result')
  return result.detections.map(({ label }) => label)
}

const ask = async ({ backend }: PythonService, model: ModelRef): Promise<string[]> =>
  told((await backend.detect(model, [await plain('p', 0)], box))[0])

/** Tries each expression inside a model and says what became of it; an expression that gets its way says "in …". */
const attempts = (tries: Readonly<Record<string, string>>): string => `
import ctypes, socket, subprocess
${tells('[attempt(name, action) for name, action in ATTEMPTS.items()]')}

def attempt(name, action):
    try:
        return "in: " + name + " " + repr(action())[:150]
    except BaseException as error:
        return "out: " + name + " " + str(error)[:150]

def read(path, size=40):
    with open(path, "rb") as file:
        return file.read(size)

def write(path, size=1):
    with open(path, "wb") as file:
        return file.write(b"x" * size)

def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(2)
        one.connect(address)
        return one.recv(9)

def call(name, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return name

ATTEMPTS = {
${Object.entries(tries)
  .map(([name, expression]) => `    ${JSON.stringify(name)}: lambda: ${expression},`)
  .join('\n')}
}
`

describe('from inside an inference.py, in the sandbox', () => {
  const outOfReach = (): Record<string, string> => ({
    'a file of this machine': `read(${JSON.stringify(secretFile)})`,
    'the passwords': 'read("/etc/shadow")',
    'the users': 'read("/etc/passwd")',
    'the home of root': 'read("/root/.bashrc")',
    'all homes': 'os.listdir("/home")',
    'the program of the service': `read(${JSON.stringify(__filename)})`,
    'kernel memory': 'read("/proc/kcore")',
    'a socket of this machine': `connect(socket.AF_UNIX, ${JSON.stringify(socketFile)})`,
    'a socket without a file': 'connect(socket.AF_UNIX, "\\0lakelens-test")',
    'a port of this machine': `connect(socket.AF_INET, ("127.0.0.1", ${port}))`,
    'the network': 'connect(socket.AF_INET, ("192.0.2.1", 80))',
    names: 'socket.gethostbyname("pypi.org")',
    'its own package': 'write("/opt/ml/model/code/inference.py")',
    'our program': 'write("/opt/lakelens/runner.py")',
    'the interpreter': 'write(os.__file__)',
    programs: 'write("/usr/bin/new")',
    'the root': 'write("/new")',
    devices: 'write("/dev/new")',
    'settings of the kernel': 'open("/proc/sys/kernel/core_pattern", "r+b").close()',
    'settings of its namespace': 'open("/proc/sys/kernel/hostname", "r+b").close()',
    'its place when memory is short': 'open("/proc/self/oom_score_adj", "r+b").close()',
    'another process of this machine': `os.kill(${process.pid}, 0)`,
    'another user': 'os.setuid(0)',
    'a namespace of its own': 'call("unshare", 0x10000000)',
    'a mount': 'call("mount", b"none", b"/tmp", b"tmpfs", 0, None)',
    'another root': 'os.chroot("/tmp")',
    'memory of no process': 'os.memfd_create("x")',
    'a segment that outlives it': 'call("shmget", 0, 1 << 20, 0o1600) or 1',
    'the memory of another': 'call("ptrace", 16, 1, 0, 0)',
  })

  test('files, processes, users, sockets and the network of this machine are out of reach', () =>
    withService(async (service) => {
      const tries = outOfReach()
      const model = await service.publish({ ...annotator, script: attempts(tries) })
      const said = await ask(service, model)
      expect(said.filter((line) => !line.startsWith('out: '))).toEqual([])
      expect(said).toHaveLength(Object.keys(tries).length)
    }))

  test('no variable of the service is seen, in its own environment or in another’s', () =>
    withService(async (service) => {
      const everything =
        '[str("SECRET" in e or "LAKELENS" in e or "NODE" in e) for e in [str(os.environ)] + ' +
        '[open(f"/proc/{p}/environ").read() for p in os.listdir("/proc") if p.isdigit()]]'
      const said = await ask(service, await service.publish({ ...annotator, script: tells(everything) }))
      expect(said.length).toBeGreaterThan(2)
      expect(new Set(said)).toEqual(new Set(['False']))
      const seen = await ask(service, await service.publish({ ...annotator, script: tells('sorted(os.environ)') }))
      expect(seen).toEqual(['HOME', 'LANG', 'LOGNAME', 'OMP_NUM_THREADS', 'PATH', 'PWD', 'TMPDIR', 'USER'])
    }))

  test('what it may: its package, Python, and a /tmp that is full at 256 MiB, whatever it is made of', () =>
    withService(async (service) => {
      const model = await service.publish({
        ...annotator,
        manifest: { python: { memoryMiB: 256 } },
        script: attempts({
          weights: 'read("/opt/ml/model/weights.pt")',
          'a scratch file': 'write("/tmp/a")',
          'its home': 'write(os.path.expanduser("~/b"))',
          'a program': 'subprocess.run(["/usr/bin/env"], capture_output=True).returncode',
          'a full scratch folder': '[write(f"/tmp/{i}", 40 << 20) for i in range(10)]',
          'full shared memory': 'write("/dev/shm/x", 80 << 20)',
        }),
      })
      const said = await ask(service, model)
      expect(said.slice(0, 4).every((line) => line.startsWith('in: '))).toBe(true)
      expect(said.slice(4)).toEqual([
        expect.stringContaining('No space left'),
        expect.stringContaining('No space left'),
      ])
    }))

  test.each<[string, number, RegExp]>([
    ['forks without end', 90, /started \d+ processes; 64 are allowed/],
    ['eats memory in children', 55, /ran out of memory: it took \d+ MiB of the 200 MiB/],
    ['eats memory at once', 50, /ran out of memory/],
    ['leaves a daemon that holds its pipes', 110, /ended with code 7/],
    ['spins', 120, /did not answer within/],
    ['hangs, deaf to SIGTERM', 40, /did not answer within/],
    ['answers what nobody asked', 75, /something that is no answer/],
    ['closes its pipe', 80, /did not answer|closed the pipe/],
    ['floods', 60, /printed more than 32 MiB/],
    ['makes files without end', 130, /made \d+ files in \/tmp and \/dev\/shm/],
    ['says again and again that it is ready', 140, /something that is no answer/],
  ])('one that %s is ended with all it started, and the next picture is answered', (_, red, reason) =>
    withService(async (service) => {
      // Twice that is waited for one that does not answer.
      const python = { memoryMiB: 200, timeoutSeconds: reason.source.startsWith('did not answer') ? 1 : 5 }
      const model = await service.publish({ ...trial, manifest: { python } })
      const pictures = [await plain('a', 0), await plain('bad', red), await plain('b', 0)]
      const results = await service.backend.detect(model, pictures, box)
      expect(results).toEqual([
        { id: 'a', detections: found },
        { id: 'bad', error: { code: 'MODEL_FAILED', message: expect.stringMatching(reason) as string } },
        { id: 'b', detections: found },
      ])
      // Whichever came last, one runs now.
      expect(await service.backend.detect(model, [await plain('c', 0)], box)).toEqual([{ id: 'c', detections: found }])
      expect(runners().length).toBeGreaterThan(0)
    }).then(() => expect(runners()).toEqual([])),
  )

  test('how many processes there can be is the kernel’s to say, not the watchdog’s', async () => {
    // Nobody watches here. As root by the control group; any other user by the limit that the runner sets.
    const settings = testSettings()
    const interpreter = await findInterpreter(settings)
    if ('missing' in interpreter) throw new Error(interpreter.missing)
    const sandbox = await findSandbox(settings, interpreter)
    const { child } = await sandbox.start({
      file: interpreter.executable,
      args: ['-I', '-S', '-c', forkAndCount(maxTasks)],
      ...{ environment: {}, readOnly: [], writable: [], network: false, workingFolder: '/tmp', tmpMiB: 1 },
    })
    let said = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text))
    child.stdin?.end()
    await once(child, 'close')
    expect(Number(said)).toBeGreaterThan(maxTasks / 2)
    expect(Number(said)).toBeLessThanOrEqual(maxTasks)
  })

  test('one that is ended while it is being started leaves nothing behind, whenever that is', async () => {
    const settings = testSettings()
    const interpreter = await findInterpreter(settings)
    if ('missing' in interpreter) throw new Error(interpreter.missing)
    const sandbox = await findSandbox(settings, interpreter)
    for (let ms = 0; ms < 20; ms++) {
      const { child, kill } = await sandbox.start({
        file: interpreter.executable,
        // Its end is that of its pipes, which whatever is left behind would hold open.
        args: ['-I', '-S', '-c', 'import time; time.sleep(600)'],
        ...{ environment: {}, readOnly: [], writable: [], network: false, workingFolder: '/tmp', tmpMiB: 1 },
      })
      setTimeout(kill, ms)
      await once(child, 'close')
    }
  })

  test.each(['sandboxed', 'not sandboxed'])('a service that is killed takes its models along: %s', async (how) => {
    const root = mkdtempSync(join(folder, 'orphan-'))
    mkdirSync(join(root, 'code'))
    const sleeps =
      // Holding Python's lock, so that no thread of its own could end it.
      'import re\ndef model_fn(d): pass\ndef input_fn(b, t): re.match("(a+)+$", "a" * 60 + "b")\ndef predict_fn(x, m): pass\ndef output_fn(p, a): pass\n'
    writeFileSync(join(root, 'code', 'inference.py'), sleeps)
    const orphan = join(__dirname, 'testing', 'orphan.cjs')
    const parent: ChildProcess = spawn(process.execPath, ['--conditions=@lakelens/source', orphan, root, how])
    const [kind] = (await once(parent.stdout!, 'data')) as [Buffer]
    expect(kind.toString()).toBe(how === 'sandboxed' ? 'BUBBLEWRAP\n' : 'NONE\n')
    expect(runners().length).toBeGreaterThan(0)
    parent.kill('SIGKILL')
    for (let tries = 0; tries < 100 && runners().length > 0; tries++) await new Promise((go) => setTimeout(go, 50))
    expect(runners()).toEqual([])
  })
})

/** Processes of this machine that run our runner. */
const runners = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('runner.py')
    } catch {
      return false
    }
  })

test('the way to a warm model and back, frames and parsing, takes less than 2 ms a picture', async () => {
  const picture = await sharp({
    create: {
      width: 640,
      height: 480,
      channels: 3,
      background: 'black',
      noise: { type: 'gaussian', mean: 128, sigma: 6 },
    },
  })
    .jpeg({ quality: 90 })
    .toBuffer()
  const cost = await measurePython({
    settings: testSettings(),
    picture,
    box: { width: 640, height: 640 },
    rounds: 200,
    log: silentLogger(),
  })
  expect(cost.sandbox).toBe('BUBBLEWRAP')
  expect(cost.detections).toBeLessThan(2)
  expect(cost.embedding).toBeLessThan(2)
})

describe('installing requirements', () => {
  const shelf = join(folder, 'shelf')
  const local = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: shelf, UV_NO_INDEX: '1', UV_FIND_LINKS: shelf }
  const hook = `
import os, socket
def attempt(action):
    try:
        return "in: " + repr(action())[:100]
    except BaseException as error:
        return "out: " + str(error)[:100]
return [
    attempt(lambda: open(${JSON.stringify(secretFile)}).read()),
    attempt(lambda: open("/etc/shadow").read()),
    attempt(lambda: [k for k in os.environ if "SECRET" in k or "LAKELENS" in k][0]),
    attempt(lambda: [1 for p in os.listdir("/proc") if p.isdigit() and "SECRET" in open("/proc/%s/environ" % p).read()][0]),
    attempt(lambda: open("/usr/bin/new", "w")),
    attempt(lambda: open("/proc/sys/kernel/core_pattern", "r+")),
    attempt(lambda: socket.socket(socket.AF_UNIX).connect(${JSON.stringify(socketFile)})),
    attempt(lambda: os.kill(${process.pid}, 0)),
]`.trim()
  beforeAll(() => {
    mkdirSync(shelf)
    makeWheel(shelf, 'greeting', 'def say():\n    return "hello"\n')
    makeSource(shelf, 'hostile', hook)
  })

  const asks = (module: string, expression: string): string => `import ${module}\n${tells(expression)}`

  test('once, from the operator’s own index; its log is told; two at once share it; another life finds it there', () =>
    withService(
      async (service) => {
        const model = await service.publish({
          ...annotator,
          requirements: 'greeting\n',
          script: asks('greeting', '[greeting.say()]'),
        })
        const again = { ...model, manifest: { ...model.manifest, vectorDimension: 3 } }
        const [facts] = await Promise.all([service.backend.loadModel(model), service.backend.loadModel(again)])
        expect(facts.installLog).toMatch(/pip.*install.*--only-binary :all:[^]*Successfully installed greeting-1\.0/)
        expect(await ask(service, model)).toEqual(['hello'])
        expect(readdirSync(join(service.dataDir, 'python'))).toHaveLength(1)
        const other = await startPythonService({ offline: true }, { dataDir: service.dataDir })
        expect(await ask(other, model)).toEqual(['hello'])
        await other.close()
      },
      { installEnvironment: local },
    ))

  test('a distribution that does not exist is the package’s fault; the log says which', () =>
    withService(
      async (service) => {
        const model = await service.publish({ ...annotator, requirements: 'no-such-thing==1.0\n', script: tells('[]') })
        await expect(service.backend.loadModel(model)).rejects.toMatchObject({
          code: 'MODEL_INSTALL_FAILED',
          category: 'MODEL_PACKAGE_INVALID',
          message: expect.stringContaining('no-such-thing') as string,
          facts: { retryable: false, installLog: expect.stringContaining('No matching distribution') as string },
        })
        expect(readdirSync(join(service.dataDir, 'python'))).toEqual([])
      },
      { installEnvironment: local },
    ))

  test('an index that cannot be reached is not; its password stays out of the log', () =>
    withService(
      async (service) => {
        const model = await service.publish({ ...annotator, requirements: 'greeting\n', script: tells('[]') })
        const error = await service.backend.loadModel(model).catch((e: unknown) => e)
        expect(error).toMatchObject({
          code: 'MODEL_INDEX_UNREACHABLE',
          category: 'MODEL_UNAVAILABLE',
          facts: { retryable: true },
        })
        expect(JSON.stringify(error)).not.toContain('hunter2')
      },
      {
        installEnvironment: {
          PIP_INDEX_URL: 'http://me:hunter2@127.0.0.1:9/simple',
          PIP_RETRIES: '1',
          PIP_TIMEOUT: '2',
        },
      },
    ))

  test('what comes as source is refused: its code would run', () =>
    withService(
      async (service) => {
        const model = await service.publish({ ...annotator, requirements: 'hostile\n', script: tells('[]') })
        await expect(service.backend.loadModel(model)).rejects.toMatchObject({ code: 'MODEL_INSTALL_FAILED' })
      },
      { installEnvironment: local },
    ))

  test('where sources are allowed, what they run while installing is contained', () =>
    withService(
      async (service) => {
        const model = await service.publish({
          ...annotator,
          requirements: 'hostile\n',
          script: asks('hostile', 'hostile.FOUND'),
        })
        const said = await ask(service, model)
        expect(said).toHaveLength(8)
        expect(said.filter((line) => !line.startsWith('out: '))).toEqual([])
      },
      { installEnvironment: local, allowSourceBuilds: true },
    ))

  test('an installation that takes too long is ended', async () => {
    makeSource(shelf, 'sleeper', 'import time\ntime.sleep(600)')
    await withService(
      async (service) => {
        const model = await service.publish({ ...annotator, requirements: 'sleeper\n', script: tells('[]') })
        await expect(service.backend.loadModel(model)).rejects.toMatchObject({
          code: 'MODEL_INDEX_UNREACHABLE',
          message: expect.stringContaining('longer than 3 s') as string,
        })
        expect(readdirSync(join(service.dataDir, 'python'))).toEqual([])
      },
      { installEnvironment: local, allowSourceBuilds: true, installMs: 3000 },
    )
  })

  test('an installation that fills the disk is ended', async () => {
    makeSource(
      shelf,
      'glutton',
      'import os\nwith open("/tmp/full", "wb") as f:\n    while True: f.write(os.urandom(1 << 20))',
    )
    await withService(
      async (service) => {
        const model = await service.publish({ ...annotator, requirements: 'glutton\n', script: tells('[]') })
        await expect(service.backend.loadModel(model)).rejects.toMatchObject({ code: 'MODEL_INSTALL_TOO_LARGE' })
      },
      { installEnvironment: local, allowSourceBuilds: true, installMiB: 64 },
    )
  })

  test('numpy, with pip and with uv: arrays come as what they are, within a limit of 256 MiB', async () => {
    const uv = join(folder, 'uv')
    execFileSync('python3', ['-m', 'pip', 'install', '--quiet', '--target', uv, 'uv'])
    const script = `
import numpy as np
def model_fn(d): return np.ones((4, 4)) @ np.ones((4, 4))
def input_fn(b, t):
    import io
    return np.load(io.BytesIO(b))
def predict_fn(x, m): return x.astype(np.float32).mean(axis=(0, 1)) / 255
def output_fn(p, a):
    masks = np.zeros((1, 32, 32), bool)
    masks[0, 8:16, :16] = True
    return {"masks": masks, "probs": np.array([[p[0], 1 - p[0]]], dtype=np.float16), "boxes": None}
`
    const model = { labels: ['red', 'dark'], requirements: 'numpy\n', script, manifest: { python: { memoryMiB: 256 } } }
    for (const searchPath of [process.env['PATH']!, `${join(uv, 'bin')}:${process.env['PATH']}`]) {
      await withService(
        async (service) => {
          const reference = await service.publish(model)
          const facts = await service.backend.loadModel(reference)
          expect(facts.installLog).toMatch(searchPath.startsWith(uv) ? /uv pip install/ : /-m pip install/)
          expect(await service.backend.detect(reference, [await plain('p', 255)], box)).toEqual([
            {
              id: 'p',
              detections: [{ label: 'red', confidence: 1, box: { x: 0, y: 0.25, width: 0.5, height: 0.25 } }],
            },
          ])
        },
        { searchPath },
      )
    }
  })
})
