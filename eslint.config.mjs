import nx from '@nx/eslint-plugin'
import tseslint from 'typescript-eslint'

const layers = ['layer:pure', 'layer:storage', 'layer:adapter', 'layer:domain', 'layer:app']
const upTo = (layer) => layers.slice(0, layers.indexOf(layer) + 1)

// Who may import whom. `tools/lint-canary.mjs` proves each of these by planting an import that must be refused.
const depConstraints = [
  { sourceTag: 'layer:pure', onlyDependOnLibsWithTags: ['layer:pure'] },
  { sourceTag: 'layer:storage', onlyDependOnLibsWithTags: upTo('layer:storage') },
  // Adapters stand side by side: what two of them need belongs to the domain.
  { sourceTag: 'layer:adapter', onlyDependOnLibsWithTags: upTo('layer:storage') },
  {
    sourceTag: 'layer:domain',
    onlyDependOnLibsWithTags: upTo('layer:adapter'),
    bannedExternalImports: [
      'pg',
      'pg-*',
      'pgvector',
      '@electric-sql/*',
      'graphql',
      'graphql-*',
      'type-graphql',
      '@apollo/*',
      '@grpc/*',
      '@aws-sdk/*',
    ],
  },
  { sourceTag: 'layer:app', onlyDependOnLibsWithTags: upTo('layer:domain') },
  { sourceTag: 'layer:tools', onlyDependOnLibsWithTags: ['*'] },
  // Keeps Postgres, GraphQL and clouds out of the inference process.
  { sourceTag: 'runs:anywhere', onlyDependOnLibsWithTags: ['runs:anywhere'] },
  { sourceTag: 'runs:inference', onlyDependOnLibsWithTags: ['runs:anywhere'] },
  { sourceTag: 'runs:gateway', onlyDependOnLibsWithTags: ['runs:anywhere', 'runs:gateway'] },
]

const boundaries = (constraints) => ({
  enforceBuildableLibDependency: true,
  banTransitiveDependencies: true,
  allow: [],
  depConstraints: constraints,
})

const environmentMessage = 'The environment is read once, in apps/*/src/config.ts; take the value as a parameter.'

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      '**/node_modules/',
      '.nx/',
      '.lakelens/',
      'demo-output/',
      'coverage/',
      'proto/src/generated/',
      'libs/sdk/src/generated/',
    ],
  },
  ...tseslint.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,js,mjs,cjs}'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': ['error', boundaries(depConstraints)],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
    },
  },
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // The type-aware rules that find faults instead of style; the whole type-aware set takes several times as long.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
    },
  },
  {
    // A test of the inference service speaks to it as the gateway does; the layers hold for tests too.
    files: ['apps/inference/**/*.test.ts', 'apps/inference/**/*.real.ts', 'apps/inference/**/testing/**'],
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          ...boundaries(depConstraints.filter(({ sourceTag }) => sourceTag !== 'runs:inference')),
          banTransitiveDependencies: false,
        },
      ],
    },
  },
  {
    files: ['apps/**/*.ts', 'libs/**/*.{ts,js}', 'proto/**/*.ts'],
    // `main.ts` hands the environment to `loadConfig` and reads nothing from it.
    ignores: ['apps/*/src/{config,main}.ts', '**/*.test.ts', '**/*.real.ts', '**/testing/**'],
    rules: {
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: environmentMessage }],
      'no-restricted-imports': [
        'error',
        {
          paths: ['process', 'node:process'].map((name) => ({
            name,
            importNames: ['env', 'default'],
            message: environmentMessage,
          })),
        },
      ],
    },
  },
  // CommonJS by nature: configuration read by tools, and the file a worker thread is started with.
  { files: ['**/*.{js,cjs}'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  { files: ['*.config.mjs', '*.config.js'], rules: { 'no-restricted-syntax': 'off' } },
)
