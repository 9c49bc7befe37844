// A block for verify.ps1, which compiles it: it does what its first word says.
using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

public static class Probe {
  // STARTUPINFOW and PROCESS_INFORMATION.
  [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
  struct Startup {
    public int size;
    public string reserved, desktop, title;
    public int x, y, width, height, columns, rows, fill, flags;
    public short show, reservedSize;
    public IntPtr reservedBytes, input, output, error;
  }

  [StructLayout(LayoutKind.Sequential)]
  struct Started {
    public IntPtr process, thread;
    public int processId, threadId;
  }

  [DllImport("kernel32", CharSet = CharSet.Unicode, SetLastError = true)]
  static extern bool CreateProcessW(string application, StringBuilder line,
    IntPtr processRights, IntPtr threadRights, bool inherit, uint flags,
    IntPtr environment, string directory, ref Startup startup, out Started started);

  [DllImport("kernel32")]
  static extern IntPtr CreateJobObjectW(IntPtr rights, IntPtr name);

  [DllImport("kernel32")]
  static extern bool AssignProcessToJobObject(IntPtr job, IntPtr process);

  const uint CREATE_BREAKAWAY_FROM_JOB = 0x01000000;

  // Notes what arrives, and ends by it, or does not.
  static int Attend(string file, bool deaf) {
    ManualResetEvent asked = new ManualResetEvent(false);
    Console.CancelKeyPress += (sender, e) => {
      File.AppendAllText(file, e.SpecialKey.ToString() + "\n");
      e.Cancel = true;
      if (!deaf) asked.Set();
    };
    File.WriteAllText(file, "ready\n");
    asked.WaitOne();
    return 42;
  }

  static bool Start(string arguments, uint flags) {
    string self = Process.GetCurrentProcess().MainModule.FileName;
    StringBuilder line = new StringBuilder("\"" + self + "\" " + arguments);
    Startup startup = new Startup();
    startup.size = Marshal.SizeOf(typeof(Startup));
    Started started;
    return CreateProcessW(null, line, IntPtr.Zero, IntPtr.Zero, false, flags,
      IntPtr.Zero, null, ref startup, out started);
  }

  // So many MiB, and two seconds of a processor.
  static int Use(int size) {
    byte[] memory = new byte[size << 20];
    for (int at = 0; at < memory.Length; at += 4096) memory[at] = 1;
    Stopwatch watch = Stopwatch.StartNew();
    while (watch.ElapsedMilliseconds < 2000) memory[0] += 1;
    GC.KeepAlive(memory);
    return 0;
  }

  // In a job object, as a scheduler would do it.
  static int RunInJob(string program, string arguments) {
    IntPtr job = CreateJobObjectW(IntPtr.Zero, IntPtr.Zero);
    if (!AssignProcessToJobObject(job, Process.GetCurrentProcess().Handle)) return 98;
    ProcessStartInfo information = new ProcessStartInfo(program, arguments);
    information.UseShellExecute = false;
    Process child = Process.Start(information);
    child.WaitForExit();
    return child.ExitCode;
  }

  public static int Main(string[] words) {
    switch (words[0]) {
      case "attend":
        return Attend(words[1], false);
      case "deaf":
        return Attend(words[1], true);
      case "leave": // one behind that attends
        Start("attend " + words[1], 0);
        while (!File.Exists(words[1])) Thread.Sleep(50);
        Thread.Sleep(500);
        return 3;
      case "breakaway":
        if (Start("wait", CREATE_BREAKAWAY_FROM_JOB)) return 1;
        return Marshal.GetLastWin32Error();
      case "tree":
        Start("wait", 0);
        Thread.Sleep(Timeout.Infinite);
        return 0;
      case "wait":
        Thread.Sleep(Timeout.Infinite);
        return 0;
      case "use":
        return Use(int.Parse(words[1]));
      case "where":
        Console.Write(Directory.GetCurrentDirectory());
        return 0;
      case "job":
        return RunInJob(words[1], words[2]);
      default:
        return 99;
    }
  }
}
