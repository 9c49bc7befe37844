/*
 * A block for the tests under Wine: it shows exactly what it was given, or does what
 * its first word says. Texts are shown as hexadecimal UTF-16, so that nothing is lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include <windows.h>

static void show(char kind, const wchar_t *text) {
  printf("%c ", kind);
  for (; *text; text += 1) printf("%04x", (unsigned)*text);
  printf("\n");
}

static wchar_t *read_hexadecimal(const wchar_t *digits) {
  size_t length = wcslen(digits) / 4;
  wchar_t *text = calloc(length + 1, sizeof *text);
  for (size_t at = 0; at < length; at += 1) {
    wchar_t group[5] = {0};
    wmemcpy(group, digits + at * 4, 4);
    text[at] = (wchar_t)wcstoul(group, NULL, 16);
  }
  return text;
}

/* Starts a command line with an environment (NULL: this one); returns
   whether it runs. */
static BOOL create(wchar_t *command_line, DWORD flags, wchar_t *environment,
                   PROCESS_INFORMATION *process) {
  STARTUPINFOW startup = {.cb = sizeof startup};
  flags |= CREATE_UNICODE_ENVIRONMENT;
  return CreateProcessW(NULL, command_line, NULL, NULL, TRUE, flags, environment, NULL,
                        &startup, process);
}

static DWORD end_of(HANDLE process) {
  DWORD code = 0;
  WaitForSingleObject(process, INFINITE);
  GetExitCodeProcess(process, &code);
  return code;
}

/* Starts a command line, and waits for its end where that is wanted. */
static DWORD start(wchar_t *command_line, BOOL wait) {
  PROCESS_INFORMATION process;
  if (!create(command_line, 0, NULL, &process)) return 99;
  return wait ? end_of(process.hProcess) : 0;
}

/* Adds a line to descent.txt; some of a tree have no output. */
static void note(const char *format, unsigned long number) {
  char line[64];
  DWORD written;
  HANDLE file = CreateFileA("descent.txt", FILE_APPEND_DATA,
                            FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS, 0,
                            NULL);
  WriteFile(file, line, (DWORD)sprintf(line, format, number), &written, NULL);
  CloseHandle(file);
}

/*
 * descend DEPTH MARK HOW [leave]: a tree of so many generations, each of which tries to
 * leave its parent's job in this way; the last one waits, and so do all the others. But
 * the first one ends when the tree has grown, where it is to leave.
 */
static void descend(int count, wchar_t **words) {
  unsigned long depth = wcstoul(words[2], NULL, 10);
  const wchar_t *how = words[4];
  PROCESS_INFORMATION child;
  wchar_t line[1024];
  swprintf(line, 1024, L"\"%ls\" descend %lu %ls %ls", words[0], depth - 1, words[3],
           how);
  if (depth == 0) {
    note("descended\n", 0);
  } else if (wcscmp(how, L"breakaway") == 0) {
    BOOL left = create(line, CREATE_BREAKAWAY_FROM_JOB, NULL, &child);
    note(left ? "breakaway granted\n" : "breakaway denied: %lu\n", GetLastError());
    if (!left) create(line, 0, NULL, &child);
  } else if (wcscmp(how, L"detached") == 0) {
    create(line, DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP, NULL, &child);
  } else if (wcscmp(how, L"nested") == 0) {
    /* A job that would let its members go, if that were for it to say. */
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    BOOL inside = FALSE;
    memset(&limits, 0, sizeof limits);
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_BREAKAWAY_OK | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
    SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits,
                            sizeof limits);
    create(line, CREATE_SUSPENDED, NULL, &child);
    AssignProcessToJobObject(job, child.hProcess);
    IsProcessInJob(child.hProcess, job, &inside);
    note(inside ? "nested\n" : "not nested\n", 0);
    ResumeThread(child.hThread);
  } else {
    create(line, 0, NULL, &child);
  }
  if (count > 5) {
    char notes[4096];
    do {
      DWORD length = 0;
      HANDLE file = CreateFileA("descent.txt", GENERIC_READ,
                                FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                OPEN_EXISTING, 0, NULL);
      Sleep(10);
      ReadFile(file, notes, sizeof notes - 1, &length, NULL);
      notes[length] = 0;
      CloseHandle(file);
    } while (strstr(notes, "descended") == NULL);
    ExitProcess(3);
  }
  Sleep(INFINITE);
}

/* What one reads from: a console, another device, a pipe, a file; and
   if it is empty. */
static void show_input(void) {
  static const char *kinds[] = {"unknown", "file", "device", "pipe"};
  HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
  DWORD mode, type = GetFileType(input), length = 1;
  char byte;
  if (GetConsoleMode(input, &mode)) {
    printf("input: console\n");
    return;
  }
  if (!ReadFile(input, &byte, 1, &length, NULL)) length = 0;
  printf("input: %s%s\n", type <= 3 ? kinds[type] : "?", length ? "" : ", empty");
}

static BOOL WINAPI on_control_event(DWORD type) {
  printf("control event %lu\n", type);
  fflush(stdout);
  ExitProcess(42);
}

int wmain(int count, wchar_t **words) {
  const wchar_t *what = count > 1 ? words[1] : L"show";
  if (wcscmp(what, L"exit") == 0) ExitProcess(wcstoul(words[2], NULL, 0));
  if (wcscmp(what, L"wait") == 0) {
    printf("waiting\n");
    fflush(stdout);
    Sleep(INFINITE);
  }
  if (wcscmp(what, L"tree") == 0) {
    /* A grandchild that this block does not wait for. */
    wchar_t command_line[1024];
    swprintf(command_line, 1024, L"\"%ls\" wait %ls", words[0], words[2]);
    start(command_line, FALSE);
    if (count > 3) return 3;
    Sleep(INFINITE);
  }
  if (wcscmp(what, L"attend") == 0) {
    SetConsoleCtrlHandler(on_control_event, TRUE);
    printf("attending\n");
    fflush(stdout);
    Sleep(INFINITE);
  }
  if (wcscmp(what, L"copy") == 0) {
    char piece[4096];
    DWORD length, written;
    HANDLE from = GetStdHandle(STD_INPUT_HANDLE), to = GetStdHandle(STD_OUTPUT_HANDLE);
    while (ReadFile(from, piece, sizeof piece, &length, NULL) && length > 0)
      WriteFile(to, piece, length, &written, NULL);
    return 0;
  }
  if (wcscmp(what, L"descend") == 0) descend(count, words);
  if (wcscmp(what, L"input") == 0) {
    show_input();
    return 0;
  }
  /* flood MARK: writes for ever. */
  if (wcscmp(what, L"flood") == 0) {
    static char piece[4096];
    DWORD written;
    memset(piece, 'x', sizeof piece);
    while (WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), piece, sizeof piece, &written,
                     NULL))
      continue;
    return 1;
  }
  /* codes COMMAND-LINE…: in hexadecimal; the exit code of each, whole. */
  if (wcscmp(what, L"codes") == 0) {
    for (int at = 2; at < count; at += 1) {
      printf("code %lu\n", start(read_hexadecimal(words[at]), TRUE));
      fflush(stdout);
    }
    return 0;
  }
  /* terminate COMMAND-LINE: as Task-Manager would, when a byte comes. */
  if (wcscmp(what, L"terminate") == 0) {
    PROCESS_INFORMATION process;
    char byte;
    DWORD length;
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    SetHandleInformation(input, HANDLE_FLAG_INHERIT, 0);
    if (!create(read_hexadecimal(words[2]), 0, NULL, &process)) return 99;
    ReadFile(input, &byte, 1, &length, NULL);
    TerminateProcess(process.hProcess, 55);
    return end_of(process.hProcess);
  }
  /* with COMMAND-LINE ENTRY…: in hexadecimal; with these entries in front of all. */
  if (wcscmp(what, L"with") == 0) {
    static wchar_t block[32768];
    PROCESS_INFORMATION process;
    wchar_t *at = block;
    for (int index = 3; index < count; index += 1)
      at = wcscpy(at, read_hexadecimal(words[index])) + wcslen(at) + 1;
    for (wchar_t *entry = GetEnvironmentStringsW(); *entry; entry += wcslen(entry) + 1)
      at = wcscpy(at, entry) + wcslen(at) + 1;
    if (!create(read_hexadecimal(words[2]), 0, block, &process)) return 99;
    return end_of(process.hProcess);
  }
  if (wcscmp(what, L"write") == 0) {
    fprintf(stdout, "to stdout\n");
    fflush(stdout);
    fprintf(stderr, "to stderr\n");
    return 0;
  }
  /* run COMMAND-LINE [NAME VALUE]…: all in hexadecimal, to say what no shell can. */
  if (wcscmp(what, L"run") == 0) {
    for (int at = 3; at + 1 < count; at += 2)
      SetEnvironmentVariableW(read_hexadecimal(words[at]),
                              read_hexadecimal(words[at + 1]));
    return start(read_hexadecimal(words[2]), TRUE);
  }
  wchar_t directory[1024];
  GetCurrentDirectoryW(1024, directory);
  show('d', directory);
  for (int at = 1; at < count; at += 1) show('w', words[at]);
  for (wchar_t *entry = GetEnvironmentStringsW(); *entry; entry += wcslen(entry) + 1)
    show('v', entry);
  return 0;
}
