// Makes a test fail when a promise was rejected and nobody caught it; mocha by itself lets it pass.
const stray: unknown[] = [];

process.on('unhandledRejection', (reason) => {
  stray.push(reason);
});

export const mochaHooks = {
  afterEach(): void {
    if (stray.length > 0) throw new AggregateError(stray.splice(0), 'a promise was rejected and nobody caught it');
  },
};
