import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql'
import { DateTimeScalar, LongScalar } from './scalars'
import { UserError } from './userErrors'

export const UploadPurpose = { ITEM: 'ITEM', MODEL: 'MODEL', ANNOTATIONS: 'ANNOTATIONS' } as const
export type UploadPurpose = keyof typeof UploadPurpose
registerEnumType(UploadPurpose, {
  name: 'UploadPurpose',
  description: 'What the bytes are for.',
  valuesConfig: {
    ITEM: { description: 'A picture for `addItems`.' },
    MODEL: { description: '7.1. A model package for `registerModel` or `validateModel`.' },
    ANNOTATIONS: { description: 'An annotation file for `importAnnotations`.' },
  },
})

@ObjectType({ description: 'A header to send.' })
export class HttpHeader {
  @Field(() => String, { description: 'Name.' })
  name!: string

  @Field(() => String, { description: 'Value.' })
  value!: string
}

@ObjectType({ description: 'PUT the bytes to `url` with `headers` before `expiresAt`, then use `id`.' })
export class Upload {
  @Field(() => ID, { description: 'What `uploadId` takes.' })
  id!: string

  @Field(() => String, { description: 'Signed address: needs no other credential.' })
  url!: string

  @Field(() => String, { description: 'HTTP method, PUT.' })
  method!: string

  @Field(() => [HttpHeader], { description: 'Headers to send with the bytes.' })
  headers!: HttpHeader[]

  @Field(() => DateTimeScalar, { description: 'After this the address is refused.' })
  expiresAt!: Date

  @Field(() => LongScalar, { description: 'One byte more is refused.' })
  maxBytes!: number
}

@InputType({ description: 'A file that is about to be sent.' })
export class CreateUploadInput {
  @Field(() => String, { description: 'Its name; decides nothing about its type.' })
  fileName!: string

  @Field(() => LongScalar, { description: 'Its exact size.' })
  byteSize!: number

  @Field(() => UploadPurpose, { description: 'What it is for.' })
  purpose!: UploadPurpose

  @Field(() => String, { nullable: true, description: 'SHA-256 in hex: bytes with another digest are refused.' })
  sha256?: string | null
}

@ObjectType({ description: 'Answer of `createUpload`.' })
export class CreateUploadPayload {
  @Field(() => Upload, { nullable: true, description: 'Where to send the bytes; null when it was refused.' })
  upload!: Upload | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}
