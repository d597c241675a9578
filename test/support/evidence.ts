// Collects evidence for failed tests, such as logs and states of what they started, and prints it with the failure.

/** Returns evidence for the cause of a failure, such as logs and states. */
type Source = () => Promise<string>;

const living = new Set<Source>();
/** Of what was ended within the test: a failed test has ended all before its failure is known. */
const left: string[] = [];

export interface Evidence {
  /** Called before the source ends: keeps its evidence until the end of the test. */
  close(): Promise<void>;
}

/** Registers a source, which is read if a test fails while it is open. */
export function offerEvidence(source: Source): Evidence {
  living.add(source);
  return {
    async close() {
      if (living.delete(source)) left.push(await textOf(source));
    },
  };
}

async function textOf(source: Source): Promise<string> {
  try {
    return await source();
  } catch (error) {
    return `no evidence: ${String(error)}`;
  }
}

export const mochaHooks = {
  async afterEach(this: Mocha.Context): Promise<void> {
    const ended = left.splice(0);
    const { currentTest } = this;
    if (currentTest?.state !== 'failed' || currentTest.err === undefined) return;
    const texts = await Promise.all([...living].map(textOf));
    Reflect.set(currentTest.err, 'evidence', [...ended, ...texts].join('\n'));
  },
};
