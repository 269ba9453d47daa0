import { booleanVariable, listVariable } from '@lakelens/kernel'
import path from 'node:path'
import { z } from 'zod'
import type { SystemModel } from './catalogue'

/** What a model is used for. Auto annotation can be listed, not yet run. */
export type Application = 'AUTO_TAGGING' | 'AUTO_ANNOTATION' | 'EMBEDDING'
export type RunnableApplication = Exclude<Application, 'AUTO_ANNOTATION'>

/** Where models come from, and which of them a team may use. */
export interface ModelSettings {
  /** Looked in first; may be read-only. Its `models.json` lists files with digest and manifest. */
  modelsDir?: string | undefined
  /** Fetched files are kept in its folder `models`. */
  dataDir: string
  /** Packages may be registered from below this folder of the server, and from nowhere else. Unset: only from uploads. */
  importDir?: string | undefined
  /** requirements.txt of a package may name other indexes, addresses and repositories. */
  allowRequirementSources?: boolean | undefined
  /** Nothing is fetched, ever. */
  offline: boolean
  /** What `default` means. */
  defaults: Readonly<Record<RunnableApplication, string>>
  /** SPDX ids, compared without case. */
  deniedLicenses: readonly string[]
  /** In place of the catalogue that is shipped. */
  catalogue?: readonly SystemModel[] | undefined
}

export const shippedDefaults = { AUTO_TAGGING: 'yolov8n', EMBEDDING: 'resnet50' } as const satisfies Record<
  RunnableApplication,
  string
>

/** The variable behind each default, named in the error when it can't be had. */
export const defaultVariables = {
  AUTO_TAGGING: 'LAKELENS_DEFAULT_TAGGING',
  EMBEDDING: 'LAKELENS_DEFAULT_EMBEDDING',
} as const satisfies Record<RunnableApplication, string>

/** The variables models are configured by, for whoever reads the environment. */
export const modelVariables = z.object({
  LAKELENS_DATA: z.string().default('.lakelens'),
  LAKELENS_MODELS_DIR: z.string().optional(),
  LAKELENS_OFFLINE: booleanVariable.optional(),
  LAKELENS_DEFAULT_TAGGING: z.string().default(shippedDefaults.AUTO_TAGGING),
  LAKELENS_DEFAULT_EMBEDDING: z.string().default(shippedDefaults.EMBEDDING),
  LAKELENS_DENY_LICENSES: listVariable.optional(),
})

/** Relative folders are taken from the working directory once, so that a later `chdir` changes nothing. */
export const modelSettings = (variables: z.infer<typeof modelVariables>): ModelSettings => ({
  modelsDir: variables.LAKELENS_MODELS_DIR === undefined ? undefined : path.resolve(variables.LAKELENS_MODELS_DIR),
  dataDir: path.resolve(variables.LAKELENS_DATA),
  offline: variables.LAKELENS_OFFLINE ?? false,
  defaults: { AUTO_TAGGING: variables.LAKELENS_DEFAULT_TAGGING, EMBEDDING: variables.LAKELENS_DEFAULT_EMBEDDING },
  deniedLicenses: variables.LAKELENS_DENY_LICENSES ?? [],
})

/** Where fetched files are kept, and where a file fetched by hand belongs. */
export const fetchedFolder = (settings: ModelSettings): string => path.join(settings.dataDir, 'models')
