// As whom a template is checked with sbatch: the user of the daemon may have no Slurm account if no job runs as this user.
import { expect } from 'chai';
import { findTestUsers } from '../../src/assembly/open-user-map.ts';
import { checkForErrors, checkWithPrograms } from '../../src/lint/check-with-bash-and-sbatch.ts';
import { lintTemplate } from '../../src/lint/lint-template.ts';
import { HostUnreachableError, SudoRefusedError } from '../../src/transport/errors.ts';
import type { Command, Transport } from '../../src/transport/transport.ts';

const PASSWD =
  'alice:x:1001:1001::/home/alice:/bin/sh\nbob:x:1002:1002::/home/bob:/bin/sh\nroot:x:0:0::/root:/bin/sh\n';

const BLOCKS = '${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

/** A login node on which the daemon runs as `clearml`. */
function hostWith(respond: (command: Command) => string = () => `1003:clearml\n${PASSWD}`): Transport {
  return {
    name: 'login1',
    // A throwing `respond` rejects.
    run: (command) =>
      Promise.resolve().then(() => ({ exitCode: 0, killedBy: undefined, stdout: respond(command), stderr: '' })),
    close: () => Promise.resolve(),
  };
}

describe("lint's check with sbatch", () => {
  for (const [what, userMap, expected] of [
    ["runs as the daemon's user if user_map is empty", {}, [undefined]],
    [
      "runs as each mapped user if user_map does not name the daemon's user",
      { b2: 'bob', a1: 'alice' },
      ['bob', 'alice'],
    ],
    [
      "runs as the daemon's user, then as the mapped users, if user_map names the daemon's user",
      { a1: 'alice', default: 'clearml' },
      [undefined, 'alice'],
    ],
    ['does not run as root, even if user_map names root', { a1: 'root', b2: 'bob' }, ['bob']],
  ] as const) {
    it(what, async () => {
      expect(await findTestUsers(hostWith(), { userMap, minUid: 1000 })).to.deep.equal(expected);
    });
  }

  it("runs as the daemon's user if the login node is unreachable", async () => {
    const host = hostWith(() => {
      throw new HostUnreachableError('no route to login1');
    });
    expect(await findTestUsers(host, { userMap: { a1: 'alice' }, minUid: 1000 })).to.deep.equal([undefined]);
  });

  /** The findings if Slurm accepts the job from these users only. */
  async function findingsIfAccepted(...accepted: readonly string[]): Promise<readonly string[]> {
    const { parsed } = lintTemplate('gpu.template', `#!/bin/bash\n#SBATCH --account=lab\n${BLOCKS}`);
    const cluster: Transport = {
      ...hostWith(),
      run: ({ runAs = '' }) =>
        Promise.resolve({
          exitCode: accepted.includes(runAs) ? 0 : 1,
          killedBy: undefined,
          stdout: '',
          stderr: accepted.includes(runAs)
            ? ''
            : 'allocation failure: Invalid account or account/partition combination specified\n',
        }),
    };
    const programs = { here: hostWith(() => ''), cluster, sbatch: 'sbatch', users: ['alice', 'bob'] };
    return (await checkForErrors(parsed, programs)).findings.map(({ sentence }) => sentence);
  }

  it('reports no error if Slurm accepts the job from at least one mapped user', async () => {
    expect(await findingsIfAccepted('alice')).to.deep.equal([]);
    expect(await findingsIfAccepted('bob')).to.deep.equal([]);
    expect((await findingsIfAccepted()).join()).to.match(/^sbatch --test-only as alice: Invalid account /);
  });

  it('reports the missing directory "logs" only if the check runs as the daemon\'s user', async () => {
    const { parsed } = lintTemplate('gpu.template', `#!/bin/bash\n#SBATCH --output=logs/%j.out\n${BLOCKS}`);
    const run: Transport['run'] = ({ program }) =>
      Promise.resolve({ exitCode: program === 'test' ? 1 : 0, killedBy: undefined, stdout: '', stderr: '' });
    const cluster = { ...hostWith(), run };
    const findingsAs = async (...users: readonly (string | undefined)[]): Promise<readonly string[]> => {
      const programs = { here: hostWith(() => ''), cluster, sbatch: 'sbatch', users };
      return (await checkWithPrograms(parsed, programs)).findings.map(({ rule }) => rule);
    };
    expect(await findingsAs(undefined)).to.deep.equal(['output-folder']);
    expect(await findingsAs('alice')).to.deep.equal([]);
  });

  it('reports no problem in the template if sudo refuses to run sbatch', async () => {
    const { parsed } = lintTemplate('gpu.template', `#!/bin/bash\n#SBATCH --nodes=1\n${BLOCKS}`);
    const cluster = hostWith(({ program, runAs: user }) => {
      if (user === undefined) return '';
      throw new SudoRefusedError({ program, user, host: 'login1', why: 'a password is required' });
    });
    const { findings, unchecked } = await checkForErrors(parsed, {
      here: hostWith(() => ''),
      cluster,
      sbatch: 'sbatch',
      users: ['alice'],
    });
    expect(findings).to.deep.equal([]);
    expect(unchecked).to.have.length(1);
    expect(unchecked[0]).to.contain('sudo refused to run sbatch as alice');
  });
});
