import {
  aliasesOfModels,
  annotationsByIds,
  annotationTypesOfItems,
  collectionsByIds,
  embeddingModelsOfItems,
  getModel,
  itemCounts,
  itemsByIds,
  jobsByIds,
  modelsByIds,
  modelVersionsByIds,
  tagsOfItems,
  usageOfModels,
  type Lake,
} from '@lakelens/metalake'
import DataLoader from 'dataloader'

/** One statement for all the objects of one answer, instead of one an object. Made anew for each request: nothing is cached beyond it. */
export function createLoaders(lake: Lake) {
  const batch = <V>(load: (lake: Lake, ids: readonly string[]) => Promise<V[]>) =>
    new DataLoader<string, V>((ids) => load(lake, ids))
  return {
    annotations: batch(annotationsByIds),
    collections: batch(collectionsByIds),
    itemCounts: batch(itemCounts),
    items: batch(itemsByIds),
    tags: batch(tagsOfItems),
    annotationTypes: batch(annotationTypesOfItems),
    embeddingModels: batch(embeddingModelsOfItems),
    jobs: batch(jobsByIds),
    modelVersions: batch(modelVersionsByIds),
    models: batch(modelsByIds),
    modelAliases: batch(aliasesOfModels),
    modelUsage: batch(usageOfModels),
    /** By name. A page of anything names few models that were never opened. */
    modelsByName: new DataLoader<string, Awaited<ReturnType<typeof getModel>>>((names) =>
      Promise.all(names.map((name) => getModel(lake, name))),
    ),
  }
}

export type Loaders = ReturnType<typeof createLoaders>
