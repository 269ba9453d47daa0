import { exportAnnotations, importAnnotations, type Job } from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql'
import type { GatewayContext } from '../context'
import { requireId } from './globalId'
import { payload } from './payload'
import { toScope } from './scope'

@Resolver()
export class ExchangeResolver {
  @Mutation(() => types.ExportAnnotationsPayload, {
    description: 'Writes annotations into a file. Returns at once with a job; its `downloadUrl` is the file.',
  })
  exportAnnotations(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.ExportAnnotationsInput, { description: 'Of which items, and how.' })
    input: types.ExportAnnotationsInput,
  ) {
    return payload<{ job: Job | null }>(
      async () => ({ job: await exportAnnotations(lake, { ...input, scope: toScope(input.scope, 'scope') }) }),
      { job: null },
    )
  }

  @Mutation(() => types.ImportAnnotationsPayload, {
    description:
      'Reads an annotation file into a collection. Returns at once with a job; what is wrong is in `failures`.',
  })
  importAnnotations(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.ImportAnnotationsInput, { description: 'Which file, and where its annotations go.' })
    input: types.ImportAnnotationsInput,
  ) {
    return payload<{ job: Job | null }>(
      async () => {
        const collectionId = requireId('Collection', input.collectionId, 'collectionId')
        return { job: await importAnnotations(lake, { ...input, collectionId }) }
      },
      { job: null },
    )
  }
}
