import {
  archiveModel,
  registerModel,
  setModelAlias,
  validateModel,
  type Model,
  type Registered,
  type Validated,
} from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql'
import type { GatewayContext } from '../context'
import { payload, toUserErrors, type UserErrorValue } from './payload'

/** What a use-case found wrong with a package stands beside its answer, not in its place. */
const withUserErrors = <T extends Registered | Validated>({ errors, ...answer }: T) => ({
  ...answer,
  userErrors: toUserErrors(errors),
})
type Answer<T> = Partial<Omit<T, 'errors'>> & { userErrors?: UserErrorValue[] }

@Resolver()
export class RegistrationResolver {
  @Mutation(() => types.RegisterModelPayload, {
    description:
      '7.1. Registers a model package: an upload, or a folder below LAKELENS_IMPORT_DIR. A name that exists gets another version; ' +
      'the same content is the same version. Packages with `inference.py` need the role ADMIN.',
  })
  registerModel(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.RegisterModelInput, { description: 'The package, its name, and what it is for.' })
    input: types.RegisterModelInput,
  ) {
    const refused = { model: null, version: null, validation: null, job: null }
    return payload<Answer<Registered>>(async () => withUserErrors(await registerModel(lake, input)), refused)
  }

  @Mutation(() => types.ValidateModelPayload, {
    description: '7.1. Runs the checks of `registerModel` and registers nothing.',
  })
  validateModel(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.ValidateModelInput, { description: 'The package, and what it is for.' })
    input: types.ValidateModelInput,
  ) {
    const refused = { validation: null, job: null }
    return payload<Answer<Validated>>(async () => withUserErrors(await validateModel(lake, input)), refused)
  }

  @Mutation(() => types.SetModelAliasPayload, {
    description: 'Makes `name@alias` mean a version. Runs asked for with the alias keep the version it meant then.',
  })
  setModelAlias(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.SetModelAliasInput, { description: 'The model, the alias, and the version.' })
    input: types.SetModelAliasInput,
  ) {
    return payload<{ model: Model | null }>(async () => ({ model: await setModelAlias(lake, input) }), { model: null })
  }

  @Mutation(() => types.ArchiveModelPayload, {
    description:
      'Puts a version away, or all of a model: it runs no more, its aliases go, what it made stays. Refused while unfinished jobs use it.',
  })
  archiveModel(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.ArchiveModelInput, { description: 'The model, or one version of it.' })
    input: types.ArchiveModelInput,
  ) {
    return payload<{ model: Model | null }>(async () => ({ model: await archiveModel(lake, input) }), { model: null })
  }
}
