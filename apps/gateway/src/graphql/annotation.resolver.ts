import type { Annotation, Tag } from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql'
import type { GatewayContext } from '../context'
import { encodeId } from './globalId'
import { jobOf, modelOf, versionOf } from './provenance'

@Resolver(() => types.Annotation)
export class AnnotationResolver {
  @FieldResolver()
  id(@Root() annotation: Annotation) {
    return encodeId('Annotation', annotation.id)
  }

  @FieldResolver()
  type(@Root() annotation: Annotation) {
    return annotation.source
  }

  @FieldResolver()
  model(@Root() annotation: Annotation, @Ctx() context: GatewayContext) {
    return modelOf(context, annotation)
  }

  @FieldResolver()
  async modelVersion(@Root() annotation: Annotation, @Ctx() context: GatewayContext) {
    return (await versionOf(context, annotation))?.version ?? null
  }

  @FieldResolver()
  job(@Root() annotation: Annotation, @Ctx() context: GatewayContext) {
    return jobOf(context, annotation)
  }
}

@Resolver(() => types.Tag)
export class TagResolver {
  @FieldResolver()
  model(@Root() tag: Tag, @Ctx() context: GatewayContext) {
    return modelOf(context, tag)
  }

  @FieldResolver()
  async modelVersion(@Root() tag: Tag, @Ctx() context: GatewayContext) {
    return (await versionOf(context, tag))?.version ?? null
  }

  @FieldResolver()
  job(@Root() tag: Tag, @Ctx() context: GatewayContext) {
    return jobOf(context, tag)
  }
}
