/** `npm test`: needs nothing outside the repository. Tests run from source through the `@lakelens/source` export condition. */
module.exports = {
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/proto', '<rootDir>/tools'],
  testMatch: ['**/src/**/*.test.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', {}] },
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@lakelens/source', 'node', 'require', 'default'] },
  modulePathIgnorePatterns: ['/dist/', '<rootDir>/.nx/'],
  testTimeout: 30_000,
  // Much of a test's time is waiting for processes and databases: one worker a core, where jest would leave one core free.
  maxWorkers: '100%',
}
