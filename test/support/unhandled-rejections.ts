// Fails a test that leaves an unhandled rejection, which mocha would ignore.
const unhandled: unknown[] = [];

process.on('unhandledRejection', (reason) => {
  unhandled.push(reason);
});

export const mochaHooks = {
  afterEach(): void {
    if (unhandled.length > 0) throw new AggregateError(unhandled.splice(0), 'unhandled promise rejection');
  },
};
