// `npm run demo` changes the system only with somebody's consent, and says before what it would install and where.
import { expect } from 'chai';
import { createInstaller, type System } from '../../examples/demo/installing.ts';

interface Case {
  readonly isAsked?: boolean;
  readonly isCi?: boolean;
  /** What the person at the terminal says; undefined where nobody is there. */
  readonly answer?: string;
  readonly obstacle?: string;
}

async function installing({ isAsked = false, isCi = false, answer, obstacle }: Case): Promise<{
  readonly installed: boolean;
  readonly asked: number;
  readonly missing: readonly (string | undefined)[];
}> {
  let installed = false;
  let asked = 0;
  const system: System = {
    missingPackages: () => Promise.resolve(installed ? [] : ['slurmctld', 'munge']),
    isHostNameKnown: () => Promise.resolve(true),
    whyNotInstallable: () => obstacle,
    install: () => {
      installed = true;
      return Promise.resolve({ missing: [] });
    },
  };
  const ask = (): Promise<string> => {
    asked += 1;
    return Promise.resolve(answer ?? '');
  };
  const installer = createInstaller({ isAsked, isCi, ask: answer === undefined ? undefined : ask }, system);
  const missing = [await installer.install(['slurmctld', 'munged']), await installer.install([])];
  return { installed, asked, missing };
}

describe('what the demo installs', () => {
  it('is nothing where nobody is at a terminal: it says how to have it installed', async () => {
    const { installed, missing } = await installing({});
    expect(installed).to.equal(false);
    expect(missing[0]).to.equal(
      'this machine has no slurmctld, no munge; to have that installed: npm run demo -- --install',
    );
  });

  for (const [how, wishes] of [
    ['--install', { isAsked: true }],
    ['CI=true', { isCi: true }],
    ['--install at a terminal, without a question', { isAsked: true, answer: 'no' }],
  ] as const) {
    it(`is what is missing, with ${how}`, async () => {
      expect(await installing(wishes)).to.deep.equal({ installed: true, asked: 0, missing: [undefined, undefined] });
    });
  }

  it('is what a person at the terminal agrees to; asked once', async () => {
    expect(await installing({ answer: 'y' })).to.include({ installed: true, asked: 1 });
    for (const answer of ['', 'n', 'what?'])
      expect(await installing({ answer })).to.include({ installed: false, asked: 1 });
  });

  it('is nothing, and nothing is asked, where it could not be installed', async () => {
    const { asked, missing } = await installing({ answer: 'y', obstacle: 'only root can install it' });
    expect(asked).to.equal(0);
    expect(missing[0]).to.equal('this machine has no slurmctld, no munge, and only root can install it');
  });
});
