import type { ModelVersionContent } from '@lakelens/db'
import {
  reportOf,
  validatePackage,
  type Check,
  type GraphFacts,
  type OpenGraph,
  type Report,
  type ValidPackage,
} from '@lakelens/folder-validator'
import type { ModelFacts } from '@lakelens/inference-client'
import type { TaskContext } from '@lakelens/jobs'
import { isLakeError, type ErrorCategory, type LakeError } from '@lakelens/kernel'
import type { StoredBlob } from '@lakelens/media'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { reportFault } from '../jobs/faults'
import type { Lake } from '../lake'
import { canonicalJson } from '../models/digest'
import { contentRef, type ModelContent } from '../models/modelRef'
import { installLogOf } from '../models/openStored'
import { storeBlob } from '../uploads/storeBlob'
import { errors } from './errors'
import { shares, withPackage, type ReadPackage } from './openPackage'
import type { PackageRequest } from './payload'
import { ownCheck, withChecks } from './report'
import { serverChecks } from './serverChecks'

/** What became of a package. */
export interface CheckedPackage {
  report: Report
  /** What a version of it is; null when it did not pass, and when nothing is to be kept of it. */
  content: ModelVersionContent | null
  description: string | null
  installLog: string | null
}

export interface CheckRequest extends PackageRequest {
  jobId: string
  /** For messages. */
  modelName: string
  license: string | null
  /** Nothing is registered otherwise, so nothing is kept. */
  keep: boolean
  prepare: boolean
}

/**
 * Reads a package and makes every check there is. A fault of the package is in the report; what waiting can mend (the inference
 * service away, a full disk) is thrown, and is no fault of the package.
 */
export async function checkPackage(lake: Lake, request: CheckRequest, context: TaskContext): Promise<CheckedPackage> {
  const began = performance.now()
  const elapsed = (): number => performance.now() - began
  try {
    const { source, jobId } = request
    return await withPackage(lake, { id: jobId, source }, context, (read) =>
      judge(lake, request, read, context, elapsed),
    )
  } catch (error) {
    if (!isPackageFault(error)) throw error
    return { report: reportOf(error, elapsed()), content: null, description: null, installLog: null }
  }
}

const isPackageFault = (error: unknown): error is LakeError =>
  isLakeError(error) && error.code.startsWith('ARCHIVE_') && !reportFault(error).waits

async function judge(
  lake: Lake,
  request: CheckRequest,
  read: ReadPackage,
  context: TaskContext,
  elapsed: () => number,
): Promise<CheckedPackage> {
  context.report('checking the files', shares.checking)
  const opener = graphOpener(lake, request, read, context)
  const { application } = request
  const { signal } = context
  const found = await validatePackage(read.opened, {
    application,
    openGraph: opener.open,
    allowedRequirementSources: lake.models.allowRequirementSources ?? false,
    signal,
  })
  opener.throwIfPassing()
  const checks = await serverChecks(lake, request, read.opened, found.package)
  const report = withChecks(found.report, checks, elapsed())
  const valid = found.package
  if (!report.ok || valid === null || !request.keep) {
    return { report, content: null, description: null, installLog: null }
  }
  context.report('keeping the package', shares.storing)
  const stored = opener.stored ?? (await read.store(signal))
  const content = contentOf(request, read, valid, stored)
  return prepareNow(
    lake,
    request,
    { report, content, description: valid.description, installLog: null },
    context,
    elapsed,
  )
}

/** Opens a graph where models run, out of the store: what passes here is what will be run. */
function graphOpener(lake: Lake, request: CheckRequest, { opened }: ReadPackage, { signal, report }: TaskContext) {
  let passing: unknown
  const opener = {
    stored: null as StoredBlob | null,
    /** What waiting can mend is no check's matter. */
    throwIfPassing(): void {
      signal.throwIfAborted()
      if (passing !== undefined) throw passing
    },
    open: (async (file, { manifest, labels }) => {
      try {
        const graph = opened.files.find((each) => path.join(opened.root, each.path) === path.resolve(opened.root, file))
        if (!graph) throw new Error(`${file} is no file of the package`)
        const { sha256, byteSize } = graph
        const kept = (bytes: number): void =>
          report('keeping the model', shares.keeping + ((shares.opening - shares.keeping) * bytes) / byteSize)
        opener.stored = await storeBlob(lake, counted(path.join(opened.root, graph.path), kept), {
          maxBytes: byteSize,
          expected: { digest: sha256, byteSize },
          signal,
        })
        report('opening the model', shares.opening)
        const { application, modelName } = request
        const content: ModelContent = { sha256, byteSize, manifest, labels, runtime: 'ONNX', application }
        return await lake.backend.loadModel(await contentRef(lake, modelName, content), { signal })
      } catch (error) {
        const fault = blamed(error)
        if (fault === null) passing = error
        throw fault ?? error
      }
    }) satisfies OpenGraph,
  }
  return opener
}

/** A file's stream that says how much of it was read. */
function counted(file: string, onRead: (bytes: number) => void): Readable {
  async function* chunks(): AsyncGenerator<Buffer> {
    let read = 0
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
      read += (chunk as Buffer).length
      onRead(read)
      yield chunk as Buffer
    }
  }
  return Readable.from(chunks(), { objectMode: false })
}

function contentOf(
  { application, license }: CheckRequest,
  { opened }: ReadPackage,
  valid: ValidPackage,
  stored: StoredBlob,
): ModelVersionContent {
  if (valid.runtime === 'REMOTE') throw new Error('a remote model passed the checks')
  const { runtime, manifest, labels, facts } = valid
  const size = (manifest['input'] as { size?: [number, number] } | undefined)?.size
  const dimension = manifest['vectorDimension']
  return {
    runtime,
    sha256: stored.digest,
    byteSize: stored.byteSize,
    packageDigest: createHash('sha256')
      .update(canonicalJson({ content: opened.contentDigest, application, runtime, manifest, labels }))
      .digest('hex'),
    license: license ?? valid.license,
    manifest,
    labels,
    inputs: tensors(facts?.inputs),
    outputs: tensors(facts?.outputs),
    fixedResolution: facts ? facts.fixedResolution : size ? { width: size[0], height: size[1] } : null,
    stride: facts?.stride ?? null,
    vectorDimension: facts?.vectorDimension ?? (typeof dimension === 'number' ? dimension : null),
    warmupMs: facts?.warmupMs ?? null,
  }
}

const tensors = (specs: readonly TensorSpec[] = []) => specs.map((spec) => ({ ...spec, shape: [...spec.shape] }))
type TensorSpec = GraphFacts['inputs'][number]

/** Installs the requirements and starts the model where that was asked for; a graph has been opened already. */
async function prepareNow(
  lake: Lake,
  { prepare, application, modelName }: CheckRequest,
  checked: CheckedPackage & { content: ModelVersionContent },
  context: TaskContext,
  elapsed: () => number,
): Promise<CheckedPackage> {
  const { content } = checked
  if (!prepare || content.runtime !== 'PYTHON') return checked
  const { signal } = context
  context.report('installing requirements and starting the model', shares.preparing)
  try {
    const ref = await contentRef(lake, modelName, { ...content, runtime: 'PYTHON', application })
    const facts = await lake.backend.loadModel(ref, { signal })
    return {
      ...checked,
      report: withChecks(checked.report, [ownCheck('model.prepare', 'PASSED')], elapsed()),
      content: { ...content, ...toldBy(facts, content) },
      installLog: facts.installLog,
    }
  } catch (error) {
    signal.throwIfAborted()
    const fault = blamed(error)
    if (fault === null) throw error
    const check = unprepared(fault)
    const report = withChecks(checked.report, [check], elapsed())
    if (check.outcome === 'WARNING') return { ...checked, report }
    return { report, content: null, description: null, installLog: installLogOf(error) }
  }
}

/** What this server lacks is no fault of the package: it is a version, and is prepared when it can be. */
const ofTheServer: readonly ErrorCategory[] = ['SANDBOX_UNAVAILABLE', 'PLATFORM_UNAVAILABLE', 'MODEL_UNAVAILABLE']

const unprepared = ({ category, message }: LakeError): Check =>
  ofTheServer.includes(category)
    ? ownCheck('model.prepare', 'WARNING', { message, hint: 'It is prepared at its first use, when that is mended.' })
    : ownCheck('model.prepare', 'FAILED', { message, hint: 'The install log of the version has the details.' })

/**
 * The error a package is to blame for; null for what waiting can mend and for faults of ours. An inference service that went
 * down twice with the model in its hands is put down to the model: waiting for it would end the service again and again.
 */
function blamed(error: unknown): LakeError | null {
  if (!isLakeError(error) || error.category === 'INTERNAL') return null
  if (error.facts['lost'] === true) return errors.MODEL_DEADLY({}, { cause: error })
  return reportFault(error).waits ? null : error
}

const toldBy = (facts: ModelFacts, content: ModelVersionContent) => ({
  warmupMs: facts.warmupMs,
  stride: facts.stride,
  fixedResolution: facts.fixedResolution,
  vectorDimension: facts.vectorDimension ?? content.vectorDimension,
})
