// Queue entries without a task, which the server accepts from any user: they block no task and appear in no file path.
import { expect } from 'chai';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hereOnStandIns, type OnStandIns } from './on-stand-ins.ts';

const TEMPLATE = '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('a queue entry that names no task', () => {
  let place: OnStandIns;
  beforeEach(async () => {
    place = await hereOnStandIns();
  });
  afterEach(() => place[Symbol.asyncDispose]());

  it('C-33 does not block the next task, and causes no file outside the shared directory', async () => {
    const shared = join(place.outside, 'above', 'shared');
    await mkdir(join(shared, 'jobs'), { recursive: true, mode: 0o700 });
    await place.write('t', TEMPLATE);
    const [served, other] = [await place.user.makeQueue('gpu'), await place.user.makeQueue('other')];
    for (const queue of [served, other])
      for (const task of ['', '/../../x', '../../x', `../../${'a'.repeat(32)}`])
        await place.user.api('queues.add_task', { queue, task });
    const task = await place.user.makeTask({ name: 'innocent' });
    await place.user.enqueue(task, served);

    await place.write('shared.conf', `include "clearml.conf"\nagent.slurm.shared_dir: "${shared}"`);
    const conf = join(place.folder, 'shared.conf');
    const words = ['--config-file', conf, '--once', '--queue', 'gpu', '--template-files', 't'];
    const { code, stderr } = await place.run(...words);

    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/Submitted/);
    // Once for each list: of all queues, and of those that are served.
    expect(stderr.match(/Skipped an unreadable element/g)).to.have.length.within(1, 2);
    const confs = await readdir(join(shared, 'jobs'));
    expect(confs.filter((name) => name.startsWith(`clearml_task_${task}-`))).to.deep.equal(confs);
    expect(await readdir(shared)).to.deep.equal(['jobs']);
    expect(await readdir(join(place.outside, 'above'))).to.deep.equal(['shared']);
  });
});
