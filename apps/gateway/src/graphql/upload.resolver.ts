import { createUpload, type UploadTicket } from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql'
import type { GatewayContext } from '../context'
import { payload } from './payload'

@Resolver()
export class UploadResolver {
  @Mutation(() => types.CreateUploadPayload, {
    description:
      'A place to PUT bytes to, outside GraphQL. Size and digest are judged there; what the bytes are, by `addItems`.',
  })
  createUpload(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.CreateUploadInput, { description: 'The file that is about to be sent.' })
    input: types.CreateUploadInput,
  ) {
    return payload<{ upload: UploadTicket | null }>(async () => ({ upload: await createUpload(lake, input) }), {
      upload: null,
    })
  }
}
