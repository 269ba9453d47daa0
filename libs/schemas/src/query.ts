import { Field, Int, ObjectType, registerEnumType } from 'type-graphql'
import { QuerySyntaxError } from './userErrors'

@ObjectType({ description: '7.2 - 7.5. What a query means, or what is wrong with it.' })
export class QueryValidation {
  @Field(() => Boolean, { description: 'It can be used.' })
  ok!: boolean

  @Field(() => String, {
    nullable: true,
    description:
      'The same query put in order: names as they are called, quotes where they are needed. Null where it cannot be used.',
  })
  normalized!: string | null

  @Field(() => Int, {
    nullable: true,
    description: 'Items of the scope that meet query and filter. Exact; counted only when asked for.',
  })
  matched!: number | null

  @Field(() => [QuerySyntaxError], {
    description: 'All unknown fields, operators and values; of a query that cannot be read, the first fault.',
  })
  errors!: QuerySyntaxError[]

  @Field(() => [String], { description: 'What the query may not mean although it says it, and how to say it.' })
  warnings!: string[]
}

export const QueryValueType = {
  TEXT: 'TEXT',
  MODEL: 'MODEL',
  CHOICE: 'CHOICE',
  NUMBER: 'NUMBER',
  FRACTION: 'FRACTION',
  BYTES: 'BYTES',
  SECONDS: 'SECONDS',
  DATE: 'DATE',
  ANY: 'ANY',
} as const
export type QueryValueType = keyof typeof QueryValueType
registerEnumType(QueryValueType, {
  name: 'QueryValueType',
  description: 'What a field of the query language is compared with.',
  valuesConfig: {
    TEXT: { description: 'A text; case is folded.' },
    MODEL: { description: 'Name of a model, or `name:3` for one version.' },
    CHOICE: { description: 'One of a few words: the examples are all there are.' },
    NUMBER: { description: 'A number.' },
    FRACTION: { description: 'A number from 0 to 1.' },
    BYTES: { description: 'A size: 500, 20KB, 1.5MB, 2GiB.' },
    SECONDS: { description: 'A duration: 90, 90s, 1.5m, 2h.' },
    DATE: { description: 'A day (all of it) or an instant; UTC.' },
    ANY: { description: 'Whatever the metadata hold: a text, a number, true, false or null. Case counts.' },
  },
})

@ObjectType({ description: 'A field of the query language, for completion.' })
export class QueryField {
  @Field(() => String, { description: 'As it is written in a query, e.g. `metadata.Captured Location`.' })
  path!: string

  @Field(() => QueryValueType, { description: 'What it is compared with.' })
  valueType!: QueryValueType

  @Field(() => [String], { description: 'The operators it has.' })
  operators!: string[]

  @Field(() => [String], {
    description: 'Values of this lake, at most ten, written as in a query: in quotes where they need them.',
  })
  examples!: string[]
}
