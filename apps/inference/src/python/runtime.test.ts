import type { DetectResult, ModelRef, Picture } from '@lakelens/inference-client'
import sharp from 'sharp'
import { npyOf } from './preparePicture'
import { type PythonService, box, plain, pythonIsMissing, startPythonService } from './testing/pythonService'
import { body, tells } from './testing/scripts'

let missing = false
let service: PythonService
const withPython = (name: string, run: () => Promise<void>): void =>
  test(name, () => (missing ? Promise.resolve() : run()))

beforeAll(async () => {
  missing = await pythonIsMissing()
  if (!missing) service = await startPythonService()
})
afterAll(() => service?.close())

const detect = (model: ModelRef, pictures: Picture[], by = service): Promise<DetectResult[]> =>
  by.backend.detect(model, pictures, box)
const annotator = { application: 'AUTO_ANNOTATION' as const, labels: ['anything'] }
const trial = { script: 'trials.py', labels: ['thing'] }
const found = [{ label: 'thing', confidence: 0.875, box: { x: 0, y: 0, width: 0.5, height: 1 } }]
/** What a script of `tells` said, a label each. */
const told = (result: DetectResult | undefined): string[] => {
  if (!result || 'error' in result) throw new Error(result?.error.message ?? 'no result')
  return result.detections.map(({ label }) => label)
}

describe('a picture the model does not survive', () => {
  let model: ModelRef
  beforeAll(async () => {
    if (missing) return
    model = await service.publish({ ...trial, manifest: { python: { memoryMiB: 128, timeoutSeconds: 1.5 } } })
    await service.backend.loadModel(model)
  })

  test.each<[string, number, RegExp]>([
    [
      'raises',
      10,
      /failed on this picture: code\/inference\.py:\d+ in predict_fn\n\s+deed\(\)\n.*raise_an_error\n.*\nValueError: this one is bad/,
    ],
    ['calls sys.exit', 100, /SystemExit/],
    ['ends its process', 20, /its process ended with code 3/],
    ['crashes', 30, /a segmentation fault[^]*code\/inference\.py", line \d+ in segfault/],
    ['hangs, deaf to SIGTERM', 40, /did not answer within 1\.5 s \(python\.timeoutSeconds\)/],
    ['eats memory', 50, /ran out of memory: it took \d+ MiB of the 128 MiB allowed \(python\.memoryMiB\)/],
    ['prints without end', 60, /printed more than 32 MiB/],
    ['writes garbage among the answers', 70, /announced an answer of \d+ bytes|no answer/],
  ])('%s: it fails alone, with what happened, and the others go on', async (_, red, reason) => {
    if (missing) return
    // Losses in a row make the next start wait, whichever test they are of.
    await detect(model, [await plain('good', 0)])
    const results = await detect(model, [await plain('a', 0), await plain('bad', red), await plain('b', 0)])
    expect(results).toEqual([
      { id: 'a', detections: found },
      { id: 'bad', error: { code: 'MODEL_FAILED', message: expect.stringMatching(reason) as string } },
      { id: 'b', detections: found },
    ])
  })
})

describe('a model that does not start', () => {
  test.each<[string, string, RegExp]>([
    [
      'its module raises',
      'import nowhere_to_be_found\n',
      /could not be loaded:\n.*inference\.py:1[^]*No module named 'nowhere_to_be_found'/,
    ],
    [
      'model_fn raises',
      body({ model_fn: 'open(d + "/weights.bin")' }),
      /model_fn raised:\n[^]*FileNotFoundError[^]*'weights\.bin'/,
    ],
    [
      'it ends again and again',
      body({ model_fn: 'import os; print("farewell"); os._exit(9)' }),
      /started 3 times[^]*code 9[^]*farewell/,
    ],
  ])('%s: an error that says why, and no job that hangs', async (_, script, message) => {
    if (missing) return
    // The three functions that the module itself does not get to.
    const model = await service.publish({ ...trial, script: script.includes('def ') ? script : script + body({}) })
    await expect(service.backend.loadModel(model)).rejects.toMatchObject({
      code: 'MODEL_FAILED_TO_START',
      category: 'MODEL_PACKAGE_INVALID',
      message: expect.stringMatching(message) as string,
      facts: { retryable: false },
    })
    await expect(detect(model, [await plain('a', 0)])).rejects.toMatchObject({ code: 'MODEL_FAILED_TO_START' })
  })

  withPython('what it says of itself is fit to be told on, whatever characters it is made of', async () => {
    const raises = async (text: string): Promise<unknown> => {
      const script = body({ model_fn: `raise ValueError(${text})` })
      return service.backend.loadModel(await service.publish({ ...trial, script })).catch((error: unknown) => error)
    }
    // Half a surrogate pair, which no header can hold, is what Python makes of a file name it cannot read.
    expect(await raises(String.raw`"\udce9 \x00 \x1b[2J"`)).toMatchObject({
      code: 'MODEL_FAILED_TO_START',
      message: expect.stringMatching(/ValueError: \ufffd \ufffd \ufffd\[2J$/) as string,
    })
    expect(await raises('chr(0x1f600) * 100_000')).toMatchObject({ code: 'MODEL_FAILED_TO_START' })
    expect(await service.backend.describe()).toMatchObject({ runsPython: true })
  })

  withPython('an embedder that cannot answer a plain picture is refused with its traceback', async () => {
    const model = await service.publish({
      application: 'EMBEDDING',
      script: body({ output_fn: 'return {"embedding": [1, 2] / 0}' }),
    })
    await expect(service.backend.loadModel(model)).rejects.toMatchObject({
      code: 'MODEL_FAILED_TO_START',
      message: expect.stringContaining('TypeError') as string,
    })
  })

  withPython('more memory than the service has', async () => {
    const model = await service.publish({ ...trial, manifest: { python: { memoryMiB: 4096 } } })
    await expect(service.backend.loadModel(model)).rejects.toMatchObject({ code: 'MODEL_TOO_LARGE' })
  })

  withPython('a package that is none', async () => {
    const model = await service.publish({ ...trial, script: 'def model_fn(model_dir):\n  return\n' })
    await expect(service.backend.loadModel(model)).rejects.toMatchObject({
      code: 'PACKAGE_INVALID',
      category: 'MODEL_PACKAGE_INVALID',
      message: expect.stringMatching(/inference\.py/) as string,
    })
  })

  withPython('a model asked for what it does not do', async () => {
    const model = await service.publish(trial)
    await expect(service.backend.embed(model, [await plain('a', 0)])).rejects.toMatchObject({
      code: 'MODEL_TASK_MISMATCH',
    })
  })
})

describe('what input_fn gets', () => {
  const seen = async (input: string, data: Buffer): Promise<string[]> => {
    const model = await service.publish({
      ...annotator,
      script: tells('[t, str(len(b)), b[:4].hex(), os.getcwd() == m, sorted(os.listdir(m))]'),
      manifest: { python: { input } },
    })
    const [result] = await detect(model, [{ id: 'p', data }])
    return told(result)
  }
  const photograph = (width: number, height: number): Promise<Buffer> =>
    sharp({ create: { width, height, channels: 3, background: 'teal' } })
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer()

  withPython('JPEG and PNG, by the manifest; the package is the working folder and model_dir', async () => {
    const data = await photograph(100, 50)
    expect((await seen('jpeg', data))[0]).toBe('image/jpeg')
    const [type, , magic, isFolder, files] = await seen('png', data)
    expect([type, magic, isFolder]).toEqual(['image/png', '89504e47', 'True'])
    expect(files).toContain('weights.pt')
  })

  withPython('an array of the upright picture, fitted into the box and never enlarged', async () => {
    const head = 128
    // 200 × 100 stored, 100 × 200 upright, into 64 × 64.
    expect(await seen('npy', await photograph(200, 100))).toEqual(
      expect.arrayContaining(['application/x-npy', String(head + 32 * 64 * 3)]),
    )
    expect(await seen('npy', await photograph(20, 10))).toContain(String(head + 10 * 20 * 3))
  })

  withPython('the stored bytes; boxes are mapped through the orientation', async () => {
    const data = await photograph(200, 100)
    expect(await seen('original', data)).toEqual(expect.arrayContaining(['image/jpeg', String(data.length)]))
    // The left quarter of what is stored is the upper quarter of what is seen.
    const model = await service.publish({
      ...trial,
      script: body({ output_fn: 'return {"boxes": [[0, 0, 50, 100]], "probs": [1], "labels": ["thing"]}' }),
      manifest: { python: { input: 'original' } },
    })
    expect(await detect(model, [{ id: 'p', data }])).toEqual([
      { id: 'p', detections: [{ label: 'thing', confidence: 1, box: { x: 0, y: 0, width: 1, height: 0.25 } }] },
    ])
  })

  withPython('input.size of the manifest is the box, whatever is asked for', async () => {
    const model = await service.publish({
      ...annotator,
      script: tells('[str(len(b))]'),
      manifest: { input: { size: [16, 16] } },
    })
    expect(await service.backend.loadModel(model)).toMatchObject({
      fixedResolution: { width: 16, height: 16 },
      stride: 1,
    })
    expect(told((await detect(model, [await plain('p', 0)]))[0])).toEqual([String(128 + 16 * 16 * 3)])
  })

  test('an .npy head as NumPy writes it', () => {
    const file = npyOf(new Uint8Array(6), { width: 2, height: 1 })
    expect(file.length).toBe(128 + 6)
    expect(file.subarray(10, 128).toString('latin1')).toMatch(
      /^\{'descr': '\|u1', 'fortran_order': False, 'shape': \(1, 2, 3\), \} +\n$/,
    )
  })
})

describe('what output_fn may return', () => {
  const answer = '{"boxes": [[0, 0, 16, 32]], "probs": [0.875], "labels": ["thing"]}'
  test.each([
    ['a dict', answer],
    ['a JSON string', `json.dumps(${answer})`],
    ['bytes', `json.dumps(${answer}).encode()`],
    ['bytes and their type', `(json.dumps(${answer}).encode(), "application/json; charset=utf-8")`],
    ['a dict and its type', `(${answer}, a)`],
  ])('%s', async (_, returned) => {
    if (missing) return
    const model = await service.publish({ ...trial, script: body({ output_fn: `return ${returned}` }) })
    expect(await detect(model, [await plain('p', 0)])).toEqual([{ id: 'p', detections: found }])
  })

  test.each([
    ['something that is no data', '{"boxes": object()}', 'ANSWER_MALFORMED', /holds a object/],
    ['text that is no JSON', '"{boxes: 1"', 'ANSWER_MALFORMED', /no JSON/],
    ['another type', '(b"", "image/png")', 'ANSWER_MALFORMED', /image\/png/],
    ['itself, for ever', '(lambda x: (x.append(x), x)[1])([])', 'ANSWER_MALFORMED', /nested/],
    ['NaN', '{"boxes": [[0, 0, float("nan"), 1]], "probs": [1], "labels": ["thing"]}', 'ANSWER_NOT_FINITE', /NaN/],
    ['more than anybody reads', '{"boxes": ["x" * 150_000_000]}', 'ANSWER_MALFORMED', /larger than 128 MiB/],
    ['more text than anybody reads', '{"boxes": ["x" * 20_000_000]}', 'ANSWER_MALFORMED', /more than 16 MiB of JSON/],
    ['more objects than a picture holds', '{"boxes": [[1, 1, 2, 2]] * 200_000}', 'ANSWER_TOO_MANY', /200000 `boxes`/],
  ])('%s is refused by name', async (_, returned, code, message) => {
    if (missing) return
    const model = await service.publish({ ...trial, script: body({ output_fn: `return ${returned}` }) })
    expect(await detect(model, [await plain('p', 0)])).toEqual([
      { id: 'p', error: { code, message: expect.stringMatching(message) as string } },
    ])
  })
})

describe('embedding', () => {
  withPython(
    'the length of the vectors is known once the model is loaded; a vector of another fails its picture',
    async () => {
      const model = await service.publish({
        application: 'EMBEDDING',
        script: body({ output_fn: 'return {"embedding": [len(p[0]), 0.5, -1] + ([7] if p[0][-3] == 200 else [])}' }),
      })
      expect(await service.backend.loadModel(model)).toMatchObject({ vectorDimension: 3, installLog: null })
      const results = await service.backend.embed(model, [
        await plain('a', 1),
        await plain('b', 200),
        await plain('c', 2),
      ])
      expect(results).toEqual([
        { id: 'a', vector: new Float32Array([128 + 32 * 32 * 3, 0.5, -1]) },
        {
          id: 'b',
          error: { code: 'ANSWER_VECTOR_DIMENSION', message: expect.stringContaining('4 numbers') as string },
        },
        { id: 'c', vector: new Float32Array([128 + 32 * 32 * 3, 0.5, -1]) },
      ])
    },
  )
})

describe('processes', () => {
  withPython('several pictures at once, each answered as itself, a batch as one by one', async () => {
    const model = await service.publish({
      ...annotator,
      // The first are the slowest, so that answers come in another order than they were asked for.
      script: tells('(time.sleep(0.05 if b[-3] < 8 else 0), [str(b[-3]), str(threading.active_count())])[1]'),
      manifest: { python: { concurrency: 4 } },
    })
    const pictures = await Promise.all(Array.from({ length: 24 }, (_, i) => plain(`p${i}`, i)))
    const results = await detect(model, pictures)
    expect(results.map(({ id }) => id)).toEqual(pictures.map(({ id }) => id))
    expect(results.map((result) => told(result)[0])).toEqual(pictures.map((_, i) => String(i)))
    expect(told(results[0])[1]).toBe('5')
  })

  withPython(
    'one process a version, which keeps its model; idle, it is stopped, and started again when asked',
    async () => {
      const short = await startPythonService({ idleMs: 400, useSandbox: false })
      try {
        const model = await short.publish({ ...annotator, script: tells('[str(os.getpid())]') })
        const pid = async (): Promise<number> => Number(told((await detect(model, [await plain('p', 0)], short))[0])[0])
        const first = await pid()
        expect(await pid()).toBe(first)
        await gone(first)
        expect(await pid()).not.toBe(first)
      } finally {
        await short.close()
      }
    },
  )

  withPython('the least recently used makes room; one in use is waited for; closing leaves none behind', async () => {
    const small = await startPythonService({ useSandbox: false }, { memoryMiB: 200 })
    let two: number
    try {
      const sleepy = { ...annotator, manifest: { python: { memoryMiB: 120 } } }
      const script = tells('(time.sleep(0.3), [str(os.getpid())])[1]')
      const first = await small.publish({ ...sleepy, script })
      const second = await small.publish({ ...sleepy, script: `${script}# the second\n` })
      const ask = async (model: ModelRef): Promise<number> =>
        Number(told((await detect(model, [await plain('p', 0)], small))[0])[0])
      const running = ask(first)
      await new Promise((resolve) => setTimeout(resolve, 150))
      const [one, last] = await Promise.all([running, ask(second)])
      await gone(one)
      two = last
    } finally {
      await small.close()
    }
    await gone(two)
  })

  withPython('a cancelled call leaves the process to the others', async () => {
    const model = await service.publish({ ...trial, manifest: { python: { timeoutSeconds: 5 } }, script: slow })
    await service.backend.loadModel(model)
    const controller = new AbortController()
    const cancelled = service.backend.detect(model, [await plain('a', 0), await plain('b', 0)], box, {
      signal: controller.signal,
    })
    setTimeout(() => controller.abort(new Error('enough')), 100)
    await expect(cancelled).rejects.toThrow('enough')
    expect(await detect(model, [await plain('c', 0)])).toEqual([{ id: 'c', detections: found }])
  })
})

const slow = body({
  predict_fn: 'import time; time.sleep(0.3); return x',
  output_fn: 'return {"boxes": [[0, 0, 16, 32]], "probs": [0.875], "labels": ["thing"]}',
})

/** Waits until a process of this machine has ended. */
async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`process ${pid} still runs`)
}

describe('where models with inference.py cannot run', () => {
  test.each([
    [
      'no sandbox, and nobody allowed to go without',
      { useSandbox: false, allowUnsandboxed: false },
      'SANDBOX_UNAVAILABLE',
      /INFERENCE_SANDBOX=none.*LAKELENS_ALLOW_UNSANDBOXED=1/,
    ],
    [
      'no Python',
      { interpreter: '/nowhere/python3' },
      'PYTHON_UNAVAILABLE',
      /\/nowhere\/python3 does not exist.*INFERENCE_PYTHON/,
    ],
  ])('%s: refused by name, and Describe says so', async (_, settings, code, message) => {
    if (missing) return
    const other = await startPythonService(settings)
    try {
      const model = await other.publish(trial)
      await expect(other.backend.loadModel(model)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message) as string,
        facts: { retryable: false },
      })
      expect(await other.backend.describe()).toMatchObject({ runsPython: false, sandbox: 'NONE' })
    } finally {
      await other.close()
    }
  })

  withPython('allowed to go without: it runs, and Describe says what that means', async () => {
    const other = await startPythonService({ useSandbox: false, allowUnsandboxed: true })
    try {
      expect(await detect(await other.publish(trial), [await plain('p', 0)], other)).toEqual([
        { id: 'p', detections: found },
      ])
      expect(await other.backend.describe()).toEqual({
        runsPython: true,
        pythonVersion: expect.stringMatching(/^3\.\d+\.\d+$/) as string,
        sandbox: 'NONE',
        sandboxDetail: expect.stringMatching(/all the rights of this service: its files and the network/) as string,
      })
    } finally {
      await other.close()
    }
  })

  withPython('offline, what isn’t installed is not fetched', async () => {
    const offline = await startPythonService({ offline: true })
    try {
      const model = await offline.publish({ ...trial, requirements: 'numpy\n' })
      await expect(offline.backend.loadModel(model)).rejects.toMatchObject({
        code: 'MODEL_INSTALL_OFFLINE',
        category: 'MODEL_UNAVAILABLE',
        message: expect.stringContaining('LAKELENS_OFFLINE') as string,
      })
    } finally {
      await offline.close()
    }
  })
})
