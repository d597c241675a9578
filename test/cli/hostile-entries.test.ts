// Queue entries without a task, which the server accepts from any user: they block no task and appear in no file path.
import { expect } from 'chai';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openCliWithStandIns, type CliWithStandIns } from './cli-with-stand-ins.ts';

const TEMPLATE = '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('a queue entry with the task id "../../x"', () => {
  let cli: CliWithStandIns;
  beforeEach(async () => {
    cli = await openCliWithStandIns();
  });
  afterEach(() => cli[Symbol.asyncDispose]());

  it('makes the daemon write no file outside the shared directory (C-33)', async () => {
    const shared = join(cli.outside, 'above', 'shared');
    await mkdir(join(shared, 'jobs'), { recursive: true, mode: 0o700 });
    await cli.write('t', TEMPLATE);
    const [served, other] = [await cli.user.makeQueue('gpu'), await cli.user.makeQueue('other')];
    for (const queue of [served, other])
      for (const task of ['', '/../../x', '../../x', `../../${'a'.repeat(32)}`])
        await cli.user.api('queues.add_task', { queue, task });
    const task = await cli.user.makeTask({ name: 'innocent' });
    await cli.user.enqueue(task, served);

    await cli.write('shared.conf', `include "clearml.conf"\nagent.slurm.shared_dir: "${shared}"`);
    const conf = join(cli.folder, 'shared.conf');
    const args = ['--config-file', conf, '--once', '--queue', 'gpu', '--template-files', 't'];
    const { code, stderr } = await cli.run(...args);

    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/Submitted/);
    // Once for each list: of all queues, and of those that are served.
    expect(stderr.match(/Skipped an unreadable object/g)).to.have.length.within(1, 2);
    const confs = await readdir(join(shared, 'jobs'));
    expect(confs.filter((name) => name.startsWith(`clearml_task_${task}-`))).to.deep.equal(confs);
    // The job may have begun: it looks for an agent there, and installs one.
    expect((await readdir(shared)).filter((name) => name !== 'agents')).to.deep.equal(['jobs']);
    expect(await readdir(join(cli.outside, 'above'))).to.deep.equal(['shared']);
  });
});
