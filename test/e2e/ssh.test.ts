// Tasks on a cluster that is reached only by SSH: under another account, behind two jump hosts, by both transports.
import { expect } from 'chai';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { closeAfterTests } from '../support/closing.ts';
import { agentPython, requireAgent, requireRoot, requireSlurm, requireSshd } from '../support/skip-unless.ts';
import { sharedCluster, type SharedCluster } from '../support/shared-cluster.ts';
import { prepareUserSsh, type UserSsh } from '../support/ssh-master.ts';
import { addAccount, removeAccount, startSshd, targetOf, type TestAccount, type TestSshd } from '../support/sshd.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld } from './world.ts';

/** The Python with the real clearml-agent. */
const AGENT = 'test/fixtures/agent/python';

describe('the daemon (cluster behind two jump hosts)', () => {
  before(requireSlurm);
  before(requireAgent);
  before(requireSshd);
  before(requireRoot);

  let cluster: SharedCluster;
  let account: TestAccount;
  let hosts: TestSshd[];
  let ssh: UserSsh;
  let folder: string;
  const onEnd = closeAfterTests();

  before(async () => {
    cluster = await sharedCluster();
    account = await addAccount({ shell: '/bin/bash', files: { '.bashrc': 'echo Welcome\nexport SBATCH_HOLD=1\n' } });
    onEnd(() => removeAccount(account));
    hosts = [];
    for (const options of [[], [], ['MaxSessions 3', 'Banner /etc/os-release']]) {
      const host = await startSshd(options);
      onEnd(() => host[Symbol.asyncDispose]());
      hosts.push(host);
    }
    const [gate, login, last] = hosts as [TestSshd, TestSshd, TestSshd];
    ssh = prepareUserSsh(targetOf(last, account), [
      'ProxyJump login',
      ...hostLines('login', login),
      'ProxyJump gate',
      ...hostLines('gate', gate),
    ]);
    onEnd(() => ssh[Symbol.asyncDispose]());
    folder = mkdtempSync('/tmp/by-ssh-');
    onEnd(() => rmSync(folder, { recursive: true, force: true }));
    // The home of the world is not the one in which ssh looks for its configuration.
    writeFileSync(join(folder, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${ssh.config} "$@"\n`, { mode: 0o755 });
    // Where the account can read them, wherever this checkout is: the program finds the packages where they lie beside it.
    cpSync(resolve(AGENT), join(account.home, AGENT));
    // With other times, Python would compile all packages again in each job.
    const asItIs = { recursive: true, preserveTimestamps: true };
    cpSync(join(agentPython(), '../../lib'), join(account.home, '.test-cache/agent-venv/lib'), asItIs);
  });

  function hostLines(name: string, sshd: TestSshd): string[] {
    return [
      `Host ${name}`,
      'HostName 127.0.0.1',
      `Port ${String(sshd.port)}`,
      `User ${account.name}`,
      `IdentityFile ${account.keyFile}`,
      `UserKnownHostsFile ${sshd.knownHosts()}`,
    ];
  }

  for (const provider of ['ssh2', 'openssh'] as const) {
    it(`over ${provider} runs a task on one node, a task on two nodes and a failing task`, async () => {
      if (provider === 'openssh') await ssh.openMaster();
      const logins = hosts.map((host) => host.loginCount());
      const template = join(folder, 'quick.template');
      writeFileSync(
        template,
        QUICK_TEMPLATE.replace('#SBATCH --mem', `#SBATCH --chdir=${account.home}\n#SBATCH --mem`),
      );
      await using world = await startWorld({
        cluster: { ...cluster, env: { PATH: `${folder}:${process.env['PATH'] ?? '/usr/bin:/bin'}` } },
        python: false,
        slurm: `
          python: ${join(account.home, AGENT)}
          template_files: [${template}]
          clusters {
            far { host: cluster, provider: ${provider}, slurm_conf: ${cluster.slurmConf}, shared_dir: ${account.home}/shared }
          }
        `,
      });
      const queue = await world.user.makeQueue('far away');
      const one = await world.user.makeTask({ code: 'import os\nprint("as uid", os.getuid(), flush=True)' });
      const two = await world.user.makeTask({
        code: synchronizedScript(join(account.home, `ranks by ${provider}`)),
        properties: { num_nodes: '2' },
      });
      const three = await world.user.makeTask({ code: 'raise SystemExit(3)' });
      for (const task of [one, two, three]) await world.user.enqueue(task, queue);

      const daemon = world.start('--queue', world.nameOf('far away'));
      await world.untilStatus(one, 'completed');
      await world.untilStatus(two, 'completed');
      await world.untilStatus(three, 'failed');

      await world.untilConsole(one, `as uid ${String(account.uid)}`);
      await world.untilConsole(two, 'rank 0');
      await world.untilConsole(two, 'rank 1');
      await world.untilConsole(one, 'ended COMPLETED');
      await world.stop(daemon);
      const newLogins = hosts.map((host, index) => host.loginCount() - (logins[index] ?? 0));
      expect(newLogins).to.deep.equal(provider === 'ssh2' ? [1, 1, 1] : [0, 0, 0]);
    });
  }
});

/** Python that prints its rank and waits for the other's: on a busy machine one would end before the other has begun. */
function synchronizedScript(folder: string): string {
  return [
    'import os, time',
    'rank = os.environ["SLURM_PROCID"]',
    'print("rank", rank, flush=True)',
    `os.makedirs("${folder}", exist_ok=True)`,
    `open(os.path.join("${folder}", rank), "w").close()`,
    `while len(os.listdir("${folder}")) < 2: time.sleep(0.1)`,
  ].join('\n');
}
