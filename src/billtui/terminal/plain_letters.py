"""What stands for frames, arrows and signs where only ASCII can be drawn, each as wide as what it stands for."""

from __future__ import annotations

PLAIN = str.maketrans(
    {
        **dict.fromkeys("─━═╌╍┄┅┈┉╴╶╸╺⎯▔▁", "-"),
        **dict.fromkeys("│┃║╎╏┆┇┊┋╵╷╹╻▏▎▍▌▋▊▉▕▐", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫┳┻╋", "+"),
        **dict.fromkeys("█▇▆▅▄▃▂▀", "#"),
        **dict.fromkeys("░▒▓", ":"),
        **dict.fromkeys("•·●○◦∙", "*"),
        **dict.fromkeys("→▶►▸›»", ">"),
        **dict.fromkeys("←◀◄◂‹«", "<"),
        **dict.fromkeys("↑▲△⬆", "^"),
        **dict.fromkeys("↓▼▽⬇▾", "v"),
        **dict.fromkeys("–—−‐‑", "-"),
        **dict.fromkeys("✓✔☑", "x"),
        **dict.fromkeys("‘’‚", "'"),
        **dict.fromkeys("“”„", '"'),
        "…": ".",
        "×": "x",
        "\u00a0": " ",
    },
)
