import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { booleanVariable, EnvironmentError, listVariable, parseEnvironment, portVariable } from '@lakelens/kernel'
import { modelSettings, modelVariables, type ModelSettings } from '@lakelens/metalake'
import { z } from 'zod'
import { isLoopbackHost } from './http/hosts'

const roles = ['api', 'worker'] as const
export type GatewayRole = (typeof roles)[number]

const httpUrl = z
  .string()
  .refine(
    (text) => /^https?:\/\/[^/?#\s]+/i.test(text) && URL.canParse(text),
    'expected an address like https://lake.example',
  )
  .refine(
    (text) => !URL.canParse(text) || (new URL(text).search === '' && new URL(text).hash === ''),
    'takes no ? and no #',
  )
  .transform((text) => text.replace(/\/+$/, ''))

const variables = modelVariables.extend({
  PORT: portVariable.default(4000),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected postgres://user:password@host:5432/name')
    .optional(),
  LAKELENS_ROLES: listVariable.pipe(z.array(z.enum(roles)).min(1)).default([...roles]),
  LAKELENS_AUTH: z.enum(['off', 'keys']).optional(),
  LAKELENS_ALLOWED_ORIGINS: listVariable
    .pipe(
      z.array(
        z
          .string()
          .regex(
            /^(\*|https?:\/\/[^/\s*]+(:\*)?)$/i,
            'expected origins like https://app.example or http://localhost:*',
          ),
      ),
    )
    .optional(),
  LAKELENS_PUBLIC_URL: httpUrl.optional(),
  LAKELENS_INTERNAL_URL: httpUrl.optional(),
  LAKELENS_TRUST_PROXY: z
    .string()
    .transform((text) =>
      /^\d+$/.test(text) ? Number(text) : /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : text,
    )
    .default(false),
  LAKELENS_INTROSPECTION: booleanVariable.default(true),
  LAKELENS_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  LAKELENS_MAX_UPLOAD_MIB: z.coerce.number().int().min(1).max(1_048_576).default(512),
  LAKELENS_MAX_MODEL_MIB: z.coerce.number().int().min(1).max(1_048_576).default(4096),
  LAKELENS_IMPORT_DIR: z.string().optional(),
  LAKELENS_ALLOW_REQUIREMENT_SOURCES: booleanVariable.default(false),
  LAKELENS_READY_LINE: booleanVariable.default(false),
  LAKELENS_FFMPEG: z.string().optional(),
  PATH: z.string().optional(),
  INFERENCE_URL: listVariable
    .pipe(
      z.array(z.string().regex(/^(grpc:\/\/|http:\/\/)?[^/\s]+:\d+$/, 'expected host:port, comma-separated')).min(1),
    )
    .optional(),
  INFERENCE_PORT: portVariable.default(50051),
  INFERENCE_PLATFORM: z
    .string()
    .toUpperCase()
    .pipe(z.enum(['LOCAL'], 'this version runs models LOCAL only'))
    .default('LOCAL'),
  MEDIA_URL: z
    .string()
    .regex(/^file:/, 'this version keeps media on disk: file:///absolute/folder')
    .refine((text) => canBePath(text), 'expected file:///absolute/folder')
    .optional(),
})

export interface GatewayConfig {
  host: string
  /** 0 asks the system for a free one. */
  port: number
  dataDir: string
  mediaDir: string
  databaseUrl: string | undefined
  roles: readonly GatewayRole[]
  auth: 'off' | 'keys'
  /** Patterns; `http://localhost:*` stands for any port. One's own origin is always allowed. */
  allowedOrigins: readonly string[]
  /** Unset: the address really listened on. */
  publicUrl: string | undefined
  /** Under which inference services fetch model files from this gateway; unset: the public one, or loopback for a child process. */
  internalUrl: string | undefined
  trustProxy: boolean | number | string
  introspection: boolean
  logLevel: string
  maxUploadBytes: number
  /** Of a model package, compressed. */
  maxModelBytes: number
  readyLine: boolean
  /** Addresses of inference services that run already, or how to start one of our own. */
  inference: { addresses: readonly string[] } | { port: number; environment: Readonly<Record<string, string>> }
  models: ModelSettings
  /** Where to look for ffmpeg and ffprobe. */
  videos: { ffmpeg: string | undefined; searchPath: string | undefined }
}

/** Origins that reach a gateway on a loopback address unless LAKELENS_ALLOWED_ORIGINS says otherwise. */
export const loopbackOrigins = ['http://localhost:*', 'http://127.0.0.1:*', 'https://studio.apollographql.com'] as const

/** Reads the whole environment once. Throws one `EnvironmentError` that lists every fault. */
export function loadConfig(environment: NodeJS.ProcessEnv): Readonly<GatewayConfig> {
  const read = parseEnvironment(variables, environment)
  const loopback = isLoopbackHost(read.HOST)
  const auth = read.LAKELENS_AUTH ?? 'off'
  const faults = accessFaults({
    host: read.HOST,
    loopback,
    auth: read.LAKELENS_AUTH,
    publicUrl: read.LAKELENS_PUBLIC_URL,
  })
  if (faults.length > 0)
    throw new EnvironmentError(`The environment is not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
  const dataDir = resolve(read.LAKELENS_DATA)
  return Object.freeze({
    host: read.HOST,
    port: read.PORT,
    dataDir,
    mediaDir: read.MEDIA_URL === undefined ? resolve(dataDir, 'media') : fileURLToPath(read.MEDIA_URL),
    databaseUrl: read.DATABASE_URL,
    roles: [...new Set(read.LAKELENS_ROLES)],
    auth,
    allowedOrigins: read.LAKELENS_ALLOWED_ORIGINS ?? (loopback ? loopbackOrigins : []),
    publicUrl: read.LAKELENS_PUBLIC_URL,
    internalUrl: read.LAKELENS_INTERNAL_URL,
    trustProxy: read.LAKELENS_TRUST_PROXY,
    introspection: read.LAKELENS_INTROSPECTION,
    logLevel: read.LAKELENS_LOG_LEVEL,
    maxUploadBytes: read.LAKELENS_MAX_UPLOAD_MIB * 1_048_576,
    maxModelBytes: read.LAKELENS_MAX_MODEL_MIB * 1_048_576,
    readyLine: read.LAKELENS_READY_LINE,
    inference:
      read.INFERENCE_URL === undefined
        ? { port: read.INFERENCE_PORT, environment: childEnvironment(environment, dataDir, auth) }
        : { addresses: read.INFERENCE_URL.map((address) => address.replace(/^(grpc|http):\/\//, '')) },
    models: {
      ...modelSettings(read),
      importDir: read.LAKELENS_IMPORT_DIR === undefined ? undefined : resolve(read.LAKELENS_IMPORT_DIR),
      allowRequirementSources: read.LAKELENS_ALLOW_REQUIREMENT_SOURCES,
    },
    videos: { ffmpeg: read.LAKELENS_FFMPEG, searchPath: read.PATH },
  })
}

/** Whoever can reach a gateway without keys is its administrator, so such a gateway stays on this machine. */
function accessFaults(given: {
  host: string
  loopback: boolean
  auth: 'off' | 'keys' | undefined
  publicUrl: string | undefined
}): string[] {
  if (given.loopback) return []
  const faults: string[] = []
  if (given.auth !== 'keys') {
    faults.push(
      `LAKELENS_AUTH: ${given.auth === 'off' ? 'off' : 'unset, which means off,'} would let everyone who reaches HOST=${given.host} do everything. ` +
        'Set LAKELENS_AUTH=keys, or leave HOST on 127.0.0.1.',
    )
  }
  if (given.publicUrl === undefined) {
    faults.push(
      `LAKELENS_PUBLIC_URL: must be set with HOST=${given.host}: the address clients use, e.g. https://lake.example. Upload and download addresses begin with it.`,
    )
  }
  return faults
}

/**
 * The inference process decodes untrusted bytes: it gets what it needs to run, and none of our secrets (DATABASE_URL,
 * credentials of clouds, ...).
 */
function childEnvironment(
  environment: NodeJS.ProcessEnv,
  dataDir: string,
  auth: GatewayConfig['auth'],
): Readonly<Record<string, string>> {
  const needed =
    /^(PATH|HOME|TMPDIR|TEMP|TMP|LANG|LC_ALL|TZ|XDG_CONFIG_HOME|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|NODE_V8_COVERAGE|SystemRoot|INFERENCE_\w+|LAKELENS_(LOG_LEVEL|OFFLINE|ALLOW_\w+))$/
  // What pip and uv need to reach an index. It may hold the index's password: installing requirements gets it, models don't.
  const forInstalling =
    /^(PIP_\w+|UV_\w+|(http|https|all|no)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NETRC)$/i
  const kept = Object.entries(environment).flatMap(([name, value]) =>
    value && (needed.test(name) || forInstalling.test(name)) ? [[name, value] as const] : [],
  )
  return Object.freeze({
    // Without access control this is somebody's own machine, and models are theirs; with it, a sandbox is asked for.
    ...(auth === 'off' ? { LAKELENS_ALLOW_UNSANDBOXED: '1' } : {}),
    ...Object.fromEntries(kept),
    LAKELENS_DATA: dataDir,
  })
}

function canBePath(text: string): boolean {
  try {
    fileURLToPath(text)
    return true
  } catch {
    return false
  }
}
