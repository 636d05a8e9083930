"""The programs on an astronomer's desk, for tests: JSAMP's hub, TOPCAT and Aladin on displays of their own, a
small client.

The Web Profile has one port on a machine (21012), so tests take turns. Java programs run inside a BeanShell
interpreter, by whose lines their own windows are clicked and read; answers come by a pipe of their own, because what
a program's other threads print may stand in the middle of a line.
"""

import fcntl
import os
import queue
import socket
import subprocess
import tempfile
import threading
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

from pyvo.samp import SAMPHubError, SAMPIntegratedClient

TURN = Path(tempfile.gettempdir()) / "distiller-samp.lock"
WEB_PORT = 21012
PATIENCE = 60.0
BEANSHELL = "/usr/share/java/bsh.jar"
ALADIN = "cds.aladin.Aladin.aladin"
HELPERS = """
import javax.swing.*;
find(c, cls) { if (cls.isInstance(c)) return c; if (c instanceof java.awt.Container)
  for (int i = 0; i < c.getComponentCount(); i++) { r = find(c.getComponent(i), cls); if (r != null) return r; }
  return null; }
button(c, tip) { if (c instanceof AbstractButton && tip.equals(c.getToolTipText())) return c;
  if (c instanceof java.awt.Container)
  for (int i = 0; i < c.getComponentCount(); i++) { r = button(c.getComponent(i), tip); if (r != null) return r; }
  return null; }
window(name) { for (w : java.awt.Window.getWindows()) if (w.getClass().getName().endsWith(name)) return w; return null; }
"""


def until(what: Any, patience: float = PATIENCE) -> Any:
    """The first true value of ``what()``."""
    deadline = time.monotonic() + patience
    while not (value := what()):
        assert time.monotonic() < deadline, "nothing came in time"
        time.sleep(0.1)
    return value


class Desk:
    """A display, and a home folder that all its programs share. ``hub(True)`` says yes to each page, False no."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lock = TURN.open("w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.running: list[subprocess.Popen[bytes]] = []
        hub_file = f"std-lockurl:file://{home}/.samp"
        self.env = os.environ | {"JAVA_TOOL_OPTIONS": f"-Duser.home={home}", "SAMP_HUB": hub_file}
        self.outer = os.environ.get("SAMP_HUB")
        os.environ["SAMP_HUB"] = hub_file

    def start(self, *command: str, **more: Any) -> "subprocess.Popen[bytes]":
        with (self.home / f"{Path(command[0]).name}.log").open("wb") as log:
            given = {"stdout": log, "stderr": log, "stdin": subprocess.DEVNULL} | more
            process = subprocess.Popen(command, env=self.env, cwd=self.home, **given)
        self.running.append(process)
        return process

    def hub(self, consent: bool) -> "subprocess.Popen[bytes]":
        """Started until it stands: its port may still be held for a moment by the hub before it."""
        answer = "true" if consent else "false"

        def started() -> "subprocess.Popen[bytes] | None":
            process = self.start("jsamp", "hub", "-mode", "no-gui", "-profiles", "std,web", "-web:auth", answer)
            until(lambda: process.poll() is not None or (self._web_profile() and self._standard_profile()))
            return process if process.poll() is None and self._standard_profile() else None

        return until(started)

    def _web_profile(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", WEB_PORT)) == 0

    def _standard_profile(self) -> bool:
        client = SAMPIntegratedClient(name="look", callable=False)
        try:
            client.connect()
            client.disconnect()
        except (SAMPHubError, OSError, xmlrpc.client.Error):
            return False
        return True

    def somebody_listens(self) -> bool:
        """Whether any program takes tables now."""
        client = SAMPIntegratedClient(name="look", callable=False)
        client.connect()
        try:
            return bool(client.get_subscribed_clients("table.load.votable"))
        finally:
            client.disconnect()

    def topcat(self) -> "Topcat":
        return Topcat(self)

    def aladin(self) -> "Aladin":
        return Aladin(self)

    def stop(self) -> None:
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()
        if self.outer is None:
            os.environ.pop("SAMP_HUB", None)
        else:
            os.environ["SAMP_HUB"] = self.outer
        self.lock.close()


class JavaProgram:
    """One with windows, inside a BeanShell interpreter. ``do(code)`` runs in its process; what it tells is returned."""

    def __init__(self, desk: Desk, jar: str, *start: str) -> None:
        reader, writer = os.pipe()
        desk.start("Xvfb", "-displayfd", str(writer), "-screen", "0", "1400x1000x24", pass_fds=(writer,))
        os.close(writer)
        with os.fdopen(reader) as given:
            desk.env["DISPLAY"] = f":{given.readline().strip()}"
        classes = f"{BEANSHELL}:/usr/share/java/{jar}"
        self.process = desk.start("java", "-cp", classes, "bsh.Interpreter", stdin=subprocess.PIPE)
        self.told: queue.Queue[str] = queue.Queue()
        self.count = 0
        answers = desk.home / f"{jar}.answers"
        os.mkfifo(answers)
        threading.Thread(target=self._listen, args=(answers,), daemon=True).start()
        way = f'answers = new java.io.PrintStream(new java.io.FileOutputStream("{answers}"), true);'
        for code in (f"{way} tell(what) {{ answers.println(what); }}", *start):
            self.do(code)
        until(desk.somebody_listens)

    def _listen(self, answers: Path) -> None:
        with answers.open(errors="replace") as lines:
            for line in lines:
                self.told.put(line.strip())

    def do(self, code: str) -> list[str]:
        assert self.process.stdin is not None
        self.count += 1
        end = f"done-{self.count}"
        self.process.stdin.write(f'{code}\ntell("{end}");\n'.encode())
        self.process.stdin.flush()
        lines: list[str] = []
        while (line := self.told.get(timeout=PATIENCE)) != end:
            lines.append(line)
        return lines

    def value(self, expression: str) -> str:
        return self.do(f"tell({expression});")[0]


class Topcat(JavaProgram):
    """TOPCAT joined to the desk's hub."""

    def __init__(self, desk: Desk) -> None:
        begin = 'uk.ac.starlink.topcat.Driver.main(new String[] {"-samp", "-nohub"});'
        super().__init__(desk, "starlink-topcat.jar", HELPERS, begin)

    def tables(self) -> int:
        """Number of tables that it has loaded."""
        return int(self.value("uk.ac.starlink.topcat.ControlWindow.getInstance().getTablesList().getModel().getSize()"))

    def shows_rows(self) -> None:
        """Opens the table browser, as its toolbar button does."""
        self.do('SwingUtilities.invokeAndWait(new Runnable() { public void run() { button(window("ControlWindow"), "Display table cell data").doClick(); } });')  # fmt: skip
        until(lambda: self.value('window("TableViewerWindow") != null') == "true")

    def sends_row_index(self) -> None:
        """Ticks "Send row index" among the activation actions of the table."""
        self.do("""
        actions = find(window("ActivationWindow"), JList.class);
        for (int i = 0; i < actions.getModel().getSize(); i++) { entry = actions.getModel().getElementAt(i);
          if (entry.getType().getName().equals("Send row index")) { actions.setSelectedValue(entry, true); actions.setChecked(entry, true); } }
        """)

    def click_row(self, number: int) -> None:
        self.do(f'rows = find(window("TableViewerWindow"), JTable.class); SwingUtilities.invokeAndWait(new Runnable() {{ public void run() {{ rows.setRowSelectionInterval({number}, {number}); }} }});')  # fmt: skip

    def marked_row(self) -> int:
        """The row that its table browser shows as chosen, -1 for none."""
        return int(self.value('find(window("TableViewerWindow"), JTable.class).getSelectedRow()'))


class Aladin(JavaProgram):
    """Aladin Desktop joined to the desk's hub, told that there is no network. It takes data once its dialogs stand."""

    def __init__(self, desk: Desk) -> None:
        begin = 'cds.aladin.Aladin.main(new String[] {"-local", "-noreleasetest", "-nobookmarks", "-nolog"});'
        # It would read its own commands from where the interpreter reads.
        silence = "System.setIn(new java.io.PipedInputStream(new java.io.PipedOutputStream()));"
        super().__init__(desk, "aladin.jar", silence, begin, "setAccessibility(true);")
        until(lambda: "=true" in self.ask(f'tell("=" + ({ALADIN}.dialog != null));'))

    def ask(self, code: str) -> list[str]:
        """As ``do``; while Aladin is still being built an answer may be an error, which is told."""
        one_line = " ".join(code.split())
        return self.do(f"try {{ {one_line} }} catch (Throwable problem) {{ tell(problem); }}")

    def planes(self) -> dict[str, int]:
        """The layers that it shows, with the number of objects on each."""
        code = f"""for (int i = 0; i < {ALADIN}.calque.plan.length; i++) {{ plane = {ALADIN}.calque.plan[i];
          if (plane.type != 0 && plane.flagOk) tell("=" + plane.getCounts() + "=" + plane.label); }}"""
        parts = [line.split("=", 2) for line in self.ask(code) if line.startswith("=")]
        return {name: int(count) for _, count, name in parts}

    def position(self) -> tuple[float, ...]:
        """Right ascension and declination of its reticle, degrees; nothing while it has none."""
        code = f'tell("=" + {ALADIN}.view.repere.raj + " " + {ALADIN}.view.repere.dej);'
        return tuple(float(word) for line in self.ask(code) if line.startswith("=") for word in line[1:].split())


class Receiver:
    """A small program: what it was sent, in order; ``answers`` False refuses everything."""

    def __init__(self, name: str, *mtypes: str, answers: bool = True) -> None:
        self.client = SAMPIntegratedClient(name=name)
        self.answers = answers
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.client.connect()
        for mtype in mtypes:
            self.client.bind_receive_call(mtype, self._called)
            self.client.bind_receive_notification(mtype, self._notified)

    def _called(self, _key: str, _sender: str, identifier: str, mtype: str, params: dict[str, Any], _x: Any) -> None:
        self.messages.append((mtype, params))
        if self.answers:
            self.client.reply(identifier, {"samp.status": "samp.ok", "samp.result": {}})
        else:
            error = {"samp.errortxt": "out of ink"}
            self.client.reply(identifier, {"samp.status": "samp.error", "samp.result": {}, "samp.error": error})

    def _notified(self, _key: str, _sender: str, mtype: str, params: dict[str, Any], _extra: Any) -> None:
        self.messages.append((mtype, params))

    def got(self, mtype: str, number: int = 1) -> dict[str, Any]:
        """The parameters of the n-th message of this type, waited for."""

        def find() -> list[dict[str, Any]]:
            found = [params for kind, params in list(self.messages) if kind == mtype]
            return found[number - 1 : number]

        return until(find)[0]

    def say(self, mtype: str, **params: Any) -> None:
        self.client.notify_all({"samp.mtype": mtype, "samp.params": params})

    def stop(self) -> None:
        self.client.disconnect()
