import type { GatewayContext } from '../context'

interface Made {
  modelVersionId: string | null
  jobId: string | null
}

export const versionOf = async ({ loaders }: GatewayContext, made: Made) =>
  made.modelVersionId === null ? null : loaders.modelVersions.load(made.modelVersionId)

export async function modelOf(context: GatewayContext, made: Made) {
  const version = await versionOf(context, made)
  return version && context.loaders.models.load(version.modelId)
}

export const jobOf = async ({ loaders }: GatewayContext, made: Made) =>
  made.jobId === null ? null : loaders.jobs.load(made.jobId)
