import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { openFolder, packPackage } from '@lakelens/folder-validator'
import type { Api, UserError } from '../api'
import { upload } from './lakeClient'

const program = resolve(__dirname, '../../../bin/lakelens.mjs')

export type Application = 'AUTO_TAGGING' | 'EMBEDDING'

export interface CommandResult {
  code: number | null
  out: string
  error: string
}

/** Runs `npx lakelens …` as a person does, against the API at `url`. */
export function lakelens(args: readonly string[], environment: Record<string, string> = {}): Promise<CommandResult> {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const result: CommandResult = { code: null, out: '', error: '' }
  child.stdout.on('data', (chunk: Buffer) => (result.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (result.error += chunk.toString()))
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done({ ...result, code }))
  })
}

/** A folder as the `.tar.gz` people would send. */
export async function packed(folder: string, file: string): Promise<string> {
  await pipeline(packPackage(await openFolder(folder)), createGzip({ level: 1 }), createWriteStream(file))
  return file
}

export interface Registered {
  model: { modelId: string; status: string } | null
  version: { version: number; status: string; runtime: string; sha256: string | null } | null
  validation: { ok: boolean; checks: { code: string; outcome: string; message: string | null }[] } | null
  job: { id: string } | null
  userErrors: UserError[]
}

/** Sends a `.tar.gz` and registers it over the API. */
export async function registerArchive(
  api: Api,
  file: string,
  modelName: string,
  application: Application,
  more: Record<string, unknown> = {},
): Promise<Registered> {
  const uploadId = await upload(api, file, 'MODEL')
  const { registerModel } = await api.request<{ registerModel: Registered }>(
    `mutation ($input: RegisterModelInput!) { registerModel(input: $input) {
       model { modelId status }
       version { version status runtime sha256 }
       validation { ok checks { code outcome message } }
       job { id }
       userErrors { code message path } } }`,
    { input: { source: { uploadId }, modelName, application, ...more } },
  )
  return registerModel
}

export interface VersionState {
  version: number
  status: string
  runtime: string
  installLog: string | null
  labels: string[]
  vectorDimension: number[] | null
}

export async function currentVersion(api: Api, modelId: string): Promise<VersionState | null> {
  const { model } = await api.request<{ model: { currentVersion: VersionState | null } | null }>(
    `query ($modelId: String!) { model(modelId: $modelId) {
       currentVersion { version status runtime installLog labels vectorDimension } } }`,
    { modelId },
  )
  return model?.currentVersion ?? null
}
