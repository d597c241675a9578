// Closes after the tests of a suite what its hooks opened, even if one of these hooks failed half-way.

/**
 * For use in a `describe`: what is passed to the returned function runs after the tests, the last first, and all of it even if
 * some of it fails.
 */
export function closeAfterTests(): (close: () => unknown) => void {
  const closes: (() => unknown)[] = [];
  after(async () => {
    const problems: unknown[] = [];
    for (const close of closes.reverse()) {
      try {
        await close();
      } catch (error) {
        problems.push(error);
      }
    }
    if (problems.length > 0) throw problems.length === 1 ? problems[0] : new AggregateError(problems);
  });
  return (close) => void closes.push(close);
}
