// The warnings of doctor and the daemon about an unencrypted connection to the server.
import { expect } from 'chai';
import { createServer, request, type Server } from 'node:http';
import { join } from 'node:path';
import { closeServer, listen } from '../clearml/scripted-server.ts';
import { openCliWithSandbox, type CliWithSandbox } from './cli-with-sandbox.ts';

const RISK =
  'http://clearml.lab:8008 is not encrypted: an attacker on the network can read the keys and change what jobs run';

describe('an unencrypted connection to the server', () => {
  let cli: CliWithSandbox;
  let proxy: Server;
  beforeEach(async () => {
    // An http proxy, to which clearml.lab is the sandbox: that is on the loopback, which is no risk.
    let upstream = '';
    proxy = createServer((incoming, outgoing) => {
      const { method, headers, url = '' } = incoming;
      const onward = request(upstream + new URL(url).pathname, { method, headers, agent: false }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      incoming.pipe(onward);
    });
    const port = await listen(proxy);
    cli = await openCliWithSandbox('', { http_proxy: `http://127.0.0.1:${port}` });
    upstream = cli.url;
    await cli.write(
      'lab.conf',
      'include "clearml.conf"\napi { api_server: "http://clearml.lab:8008", web_server: "http://clearml.lab:8080" }',
    );
  });
  afterEach(async () => {
    await closeServer(proxy);
    await cli[Symbol.asyncDispose]();
  });

  it('makes doctor report a warning', async () => {
    const { stdout } = await cli.run('doctor', '--config-file', join(cli.folder, 'lab.conf'));

    expect(stdout).to.match(/^✔ server +http:\/\/clearml\.lab:8008 responds; but: /m);
    expect(stdout.replaceAll(/\s+/g, ' ')).to.include(RISK);
  });

  it('makes the daemon log one warning at its start', async () => {
    await cli.write(
      'a.template',
      '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n',
    );
    const args = ['--queue', 'default', '--create-queue', '--template-files', 'a.template', '--once'];

    const { stderr } = await cli.run('--config-file', join(cli.folder, 'lab.conf'), ...args);

    expect(stderr.split(RISK)).to.have.length(2);
  });

  it('causes no warning on the loopback interface', async () => {
    expect((await cli.run('doctor')).stdout).to.not.include('not encrypted');
  });
});
