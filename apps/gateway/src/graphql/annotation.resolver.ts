import {
  createAnnotation,
  deleteAnnotations,
  reviewAnnotations,
  updateAnnotation,
  type Annotation,
  type Reviewed,
  type Tag,
} from '@lakelens/metalake'
import * as types from '@lakelens/schemas'
import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql'
import type { GatewayContext } from '../context'
import { encodeId, globalIdField, requireId } from './globalId'
import { payload } from './payload'
import { jobOf, modelOf, versionOf } from './provenance'
import { toReviewTarget } from './reviewTarget'

const toPoint = ([x, y]: readonly [number, number]) => ({ x, y })

@Resolver(() => types.Annotation)
export class AnnotationResolver {
  @Mutation(() => types.CreateAnnotationPayload, {
    description: "A person's annotation: a label of the item as a whole, a box, outlines, points or a mask.",
  })
  createAnnotation(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.CreateAnnotationInput, { description: 'Of which item, and what.' })
    input: types.CreateAnnotationInput,
  ) {
    return payload<{ annotation: Annotation | null }>(
      async () => ({ annotation: await createAnnotation(lake, input) }),
      { annotation: null },
    )
  }

  @Mutation(() => types.UpdateAnnotationPayload, {
    description:
      "Changes label or shape. An edited machine annotation becomes a person's; the machine's is kept as superseded.",
  })
  updateAnnotation(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.UpdateAnnotationInput, { description: 'Which annotation, and what of it.' })
    input: types.UpdateAnnotationInput,
  ) {
    return payload<{ annotation: Annotation | null }>(
      async () => {
        const annotationId = requireId('Annotation', input.annotationId, 'annotationId')
        return { annotation: await updateAnnotation(lake, { ...input, annotationId }) }
      },
      { annotation: null },
    )
  }

  @Mutation(() => types.DeleteAnnotationsPayload, {
    description: "Takes annotations away. Where a model's goes, the item is no longer done for that model version.",
  })
  deleteAnnotations(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.DeleteAnnotationsInput, { description: 'Which annotations.' })
    input: types.DeleteAnnotationsInput,
  ) {
    return payload(
      async () => {
        const ids = input.annotationIds.map((id, index) => requireId('Annotation', id, 'annotationIds', String(index)))
        return { deletedCount: await deleteAnnotations(lake, ids) }
      },
      { deletedCount: 0 },
    )
  }

  @Mutation(() => types.ReviewAnnotationsPayload, {
    description: 'Accepts or rejects annotations, one by one or those of a run in bulk. Tags follow at once.',
  })
  reviewAnnotations(
    @Ctx() { lake }: GatewayContext,
    @Arg('input', () => types.ReviewAnnotationsInput, { description: 'Which annotations, and the decision.' })
    input: types.ReviewAnnotationsInput,
  ) {
    return payload<Reviewed>(
      () => reviewAnnotations(lake, { target: toReviewTarget(input.target), decision: input.decision }),
      { changedCount: 0, annotations: [], hasMore: false },
    )
  }

  @FieldResolver(() => ID, globalIdField)
  id(@Root() annotation: Annotation) {
    return encodeId('Annotation', annotation.id)
  }

  @FieldResolver()
  item(@Root() annotation: Annotation, @Ctx() { loaders }: GatewayContext) {
    return loaders.items.load(annotation.itemId)
  }

  @FieldResolver()
  type(@Root() annotation: Annotation) {
    return annotation.source
  }

  @FieldResolver()
  polygons(@Root() { polygons }: Annotation) {
    return (
      polygons?.map(({ outer, holes }) => ({
        outer: outer.map(toPoint),
        holes: holes.map((hole) => hole.map(toPoint)),
      })) ?? null
    )
  }

  @FieldResolver()
  points(@Root() { points }: Annotation) {
    return points?.map(toPoint) ?? null
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
