// The program of a multi-node task, whose ranks synchronize like those of a training.

/**
 * Python: `rank` and `size` are known afterwards, and no rank has continued without the others. Another test cluster on this machine may
 * have a job with the same id, and so the same port: the first rank waits for the port, and the ranks of a task find each other by its id.
 */
export const SYNCHRONIZE_RANKS = `
import os, socket, sys, time
rank, size = int(os.environ["NODE_RANK"]), int(os.environ["WORLD_SIZE"])
place = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
own = os.environ["CLEARML_TASK_ID"].encode()
WAIT = 600
until = time.monotonic() + WAIT

def is_ours(peer):
    with peer.makefile("rb") as said: return said.read(len(own)) == own

def is_rank(peer):
    try:
        peer.settimeout(5)
        return is_ours(peer)
    except OSError: return False

def listen():
    peers = []
    with socket.create_server(("", place[1])) as server:
        server.settimeout(WAIT)
        while len(peers) < size - 1:
            peer = server.accept()[0]
            if is_rank(peer): peers.append(peer)
            else: peer.close()
    for peer in peers:
        with peer: peer.sendall(own)

def join():
    with socket.create_connection(place, WAIT) as peer:
        peer.sendall(own)
        if not is_ours(peer): raise OSError("the first rank of another task")

while time.monotonic() < until:
    try:
        join() if rank else listen()
        break
    except OSError: time.sleep(0.1)
else: sys.exit("the ranks have not met")
if rank == 0: print("all have met", flush=True)
`;
