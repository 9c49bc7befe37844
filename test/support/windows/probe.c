/*
 * A block for the tests under Wine: it shows exactly what it was given, or does what its
 * first word says. Texts are shown as hexadecimal UTF-16, so that nothing is lost.
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

/* Starts a command line, and waits for its end where that is wanted. */
static DWORD start(wchar_t *command_line, BOOL wait) {
  STARTUPINFOW startup = {.cb = sizeof startup};
  PROCESS_INFORMATION process;
  DWORD code = 0;
  if (!CreateProcessW(NULL, command_line, NULL, NULL, TRUE, 0, NULL, NULL, &startup,
                      &process))
    return 99;
  if (!wait) return 0;
  WaitForSingleObject(process.hProcess, INFINITE);
  GetExitCodeProcess(process.hProcess, &code);
  return code;
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
