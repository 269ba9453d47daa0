/** `npm run test:real`: reads real weights and media; fails, and does not skip, where they are missing. */
module.exports = {
  ...require('./jest.config.js'),
  testMatch: ['**/src/**/*.real.ts'],
  testTimeout: 300_000,
  maxWorkers: 1,
}
