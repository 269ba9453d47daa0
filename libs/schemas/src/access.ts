import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql'
import { connectionOf } from './connection'
import { DateTimeScalar } from './scalars'
import { UserError } from './userErrors'

export const Role = { VIEWER: 'VIEWER', ANALYST: 'ANALYST', ADMIN: 'ADMIN' } as const
export type Role = keyof typeof Role
registerEnumType(Role, {
  name: 'Role',
  description: 'What a key may do.',
  valuesConfig: {
    VIEWER: { description: 'Reads.' },
    ANALYST: { description: 'Reads, uploads, and starts jobs.' },
    ADMIN: { description: 'All, keys included.' },
  },
})

@ObjectType({ description: 'Who is asking.' })
export class Viewer {
  @Field(() => ID, { description: 'The key; `anonymous` when access control is off.' })
  keyId!: string

  @Field(() => String, { description: 'Name of the key.' })
  name!: string

  @Field(() => Role, { description: 'What it may do.' })
  role!: Role
}

@ObjectType({ description: 'A key, without its secret: that was shown once and is stored only as a hash.' })
export class ApiKey {
  @Field(() => ID, { description: 'What `revokeApiKey` takes.' })
  keyId!: string

  @Field(() => String, { description: 'The public half.' })
  key!: string

  @Field(() => String, { description: 'For people.' })
  name!: string

  @Field(() => Role, { description: 'What it may do.' })
  role!: Role

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: Date

  @Field(() => DateTimeScalar, { nullable: true, description: 'After this it is refused; null: never.' })
  expiresAt!: Date | null

  @Field(() => DateTimeScalar, { nullable: true, description: 'Since then it is refused; null: it is not revoked.' })
  revokedAt!: Date | null
}

export const ApiKeyConnection = connectionOf(ApiKey, 'ApiKey', 'the API keys')

@InputType({ description: 'A key to make.' })
export class CreateApiKeyInput {
  @Field(() => String, { description: 'For people: who or what it is for.' })
  name!: string

  @Field(() => Role, { description: 'What it may do.' })
  role!: Role

  @Field(() => DateTimeScalar, { nullable: true, description: 'After this it is refused; none: never.' })
  expiresAt?: Date | null
}

@ObjectType({ description: 'Answer of `createApiKey`. `secret` is shown once and stored only as a hash.' })
export class CreateApiKeyPayload {
  @Field(() => ID, { nullable: true, description: 'What `revokeApiKey` takes; null when it was refused.' })
  keyId!: string | null

  @Field(() => String, { nullable: true, description: 'The public half.' })
  key!: string | null

  @Field(() => String, {
    nullable: true,
    description: 'The secret half. Send `Authorization: Bearer <key>.<secret>`, or Basic with key and secret.',
  })
  secret!: string | null

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}

@InputType({ description: 'A key to end.' })
export class RevokeApiKeyInput {
  @Field(() => ID, { description: 'Of `createApiKey` or `apiKeys`.' })
  keyId!: string
}

@ObjectType({ description: 'Answer of `revokeApiKey`.' })
export class RevokeApiKeyPayload {
  @Field(() => Boolean, { description: 'False when it was refused or had been revoked before.' })
  revoked!: boolean

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors!: UserError[]
}
