{
 "patcher": {
  "fileversion": 1,
  "appversion": {
   "major": 8,
   "minor": 6,
   "revision": 0,
   "architecture": "x64",
   "modernui": 1
  },
  "classnamespace": "box",
  "rect": [
   80.0,
   80.0,
   700,
   230
  ],
  "bglocked": 0,
  "openinpresentation": 1,
  "default_fontsize": 12.0,
  "default_fontface": 0,
  "default_fontname": "Arial",
  "gridsize": [
   15.0,
   15.0
  ],
  "devicewidth": 0.0,
  "description": "What the ear dreams, and how.",
  "bgcolor": [
   0.082,
   0.094,
   0.114,
   1.0
  ],
  "locked_bgcolor": [
   0.082,
   0.094,
   0.114,
   1.0
  ],
  "editing_bgcolor": [
   0.082,
   0.094,
   0.114,
   1.0
  ],
  "boxes": [
   {
    "box": {
     "id": "obj-1",
     "maxclass": "panel",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      20.0,
      700,
      230
     ],
     "presentation": 1,
     "presentation_rect": [
      0.0,
      0.0,
      700.0,
      230.0
     ],
     "bgcolor": [
      0.118,
      0.133,
      0.157,
      1.0
     ],
     "rounded": 6,
     "background": 1,
     "mode": 0
    }
   },
   {
    "box": {
     "id": "obj-2",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      734.0,
      20.0,
      52,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      6.0,
      52.0,
      20.0
     ],
     "text": "dream",
     "fontsize": 13.0,
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "fontface": 1
    }
   },
   {
    "box": {
     "id": "obj-3",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "bang"
     ],
     "patching_rect": [
      800.0,
      20.0,
      64.8,
      22.0
     ],
     "text": "loadbang"
    }
   },
   {
    "box": {
     "id": "obj-4",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      20.0,
      266.0,
      117.6,
      22.0
     ],
     "text": "want dream - 20."
    }
   },
   {
    "box": {
     "id": "obj-5",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      304.0,
      78.0,
      22.0
     ],
     "text": "s ear.want"
    }
   },
   {
    "box": {
     "id": "obj-6",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "bang"
     ],
     "patching_rect": [
      878.8,
      20.0,
      64.8,
      22.0
     ],
     "text": "loadbang"
    }
   },
   {
    "box": {
     "id": "obj-7",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      151.6,
      266.0,
      104.39999999999999,
      22.0
     ],
     "text": "want state - 0"
    }
   },
   {
    "box": {
     "id": "obj-8",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      112.0,
      304.0,
      78.0,
      22.0
     ],
     "text": "s ear.want"
    }
   },
   {
    "box": {
     "id": "obj-9",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      454.0,
      64.8,
      22.0
     ],
     "text": "s ear.to"
    }
   },
   {
    "box": {
     "id": "obj-10",
     "maxclass": "textbutton",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "patching_rect": [
      957.5999999999999,
      20.0,
      56,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      76.0,
      5.0,
      56.0,
      22.0
     ],
     "text": "start",
     "parameter_enable": 0,
     "rounded": 4.0,
     "bgcolor": [
      0.2,
      0.22,
      0.26,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "fontsize": 11.0,
     "mode": 0
    }
   },
   {
    "box": {
     "id": "obj-11",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      270.0,
      266.0,
      117.6,
      22.0
     ],
     "text": "/ear/dream/start"
    }
   },
   {
    "box": {
     "id": "obj-12",
     "maxclass": "textbutton",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "patching_rect": [
      1027.6,
      20.0,
      56,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      138.0,
      5.0,
      56.0,
      22.0
     ],
     "text": "stop",
     "parameter_enable": 0,
     "rounded": 4.0,
     "bgcolor": [
      0.2,
      0.22,
      0.26,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "fontsize": 11.0,
     "mode": 0
    }
   },
   {
    "box": {
     "id": "obj-13",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      401.6,
      266.0,
      111.0,
      22.0
     ],
     "text": "/ear/dream/stop"
    }
   },
   {
    "box": {
     "id": "obj-14",
     "maxclass": "textbutton",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "patching_rect": [
      1097.6,
      20.0,
      56,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      200.0,
      5.0,
      56.0,
      22.0
     ],
     "text": "restart",
     "parameter_enable": 0,
     "rounded": 4.0,
     "bgcolor": [
      0.2,
      0.22,
      0.26,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "fontsize": 11.0,
     "mode": 0
    }
   },
   {
    "box": {
     "id": "obj-15",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      526.6,
      266.0,
      130.8,
      22.0
     ],
     "text": "/ear/dream/restart"
    }
   },
   {
    "box": {
     "id": "obj-16",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1167.6,
      20.0,
      57,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      270.0,
      7.0,
      57.0,
      20.0
     ],
     "text": "objective",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-17",
     "maxclass": "umenu",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "int",
      "",
      ""
     ],
     "patching_rect": [
      20.0,
      350.0,
      78,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      328.0,
      5.0,
      78.0,
      22.0
     ],
     "parameter_enable": 0,
     "items": [
      "activate",
      ",",
      "match",
      ",",
      "style",
      ",",
      "classify",
      ",",
      "predict"
     ],
     "varname": "dream.objective",
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ],
     "fontsize": 11.0
    }
   },
   {
    "box": {
     "id": "obj-18",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1238.6,
      20.0,
      39,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      412.0,
      7.0,
      39.0,
      20.0
     ],
     "text": "origin",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-19",
     "maxclass": "umenu",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "int",
      "",
      ""
     ],
     "patching_rect": [
      112.0,
      350.0,
      78,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      460.0,
      5.0,
      78.0,
      22.0
     ],
     "parameter_enable": 0,
     "items": [
      "noise",
      ",",
      "silence",
      ",",
      "clip",
      ",",
      "live",
      ",",
      "running"
     ],
     "varname": "dream.origin",
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ],
     "fontsize": 11.0
    }
   },
   {
    "box": {
     "id": "obj-20",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      204.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      36.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.step_size",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "How far a step moves each part of the sound; 0 freezes it.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream step_size",
       "parameter_shortname": "step size",
       "parameter_annotation_name": "How far a step moves each part of the sound; 0 freezes it.",
       "parameter_type": 0,
       "parameter_mmin": 0,
       "parameter_mmax": 40,
       "parameter_exponent": 3.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f dB"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-21",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      310.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      108.0,
      36.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.mix_original",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "Share of the origin that every step mixes back in.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream mix_original",
       "parameter_shortname": "mix original",
       "parameter_annotation_name": "Share of the origin that every step mixes back in.",
       "parameter_type": 0,
       "parameter_mmin": 0,
       "parameter_mmax": 1,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-22",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      416.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      206.0,
      36.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.time_shift_s",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "A step hears the loop begin up to so much off.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream time_shift_s",
       "parameter_shortname": "time shift",
       "parameter_annotation_name": "A step hears the loop begin up to so much off.",
       "parameter_type": 0,
       "parameter_mmin": 0,
       "parameter_mmax": 4,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f s"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-23",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      522.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      304.0,
      36.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.pitch_shift_bins",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "A step hears the loop up to so much higher or lower; 24 bins an octave.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream pitch_shift_bins",
       "parameter_shortname": "pitch shift",
       "parameter_annotation_name": "A step hears the loop up to so much higher or lower; 24 bins an octave.",
       "parameter_type": 0,
       "parameter_mmin": 0,
       "parameter_mmax": 24,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f bins"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-24",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      628.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      402.0,
      36.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.time_mask",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "Share of the loop that a step does not hear, elsewhere each time.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream time_mask",
       "parameter_shortname": "time mask",
       "parameter_annotation_name": "Share of the loop that a step does not hear, elsewhere each time.",
       "parameter_type": 0,
       "parameter_mmin": 0,
       "parameter_mmax": 0.9,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-25",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      734.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      500.0,
      36.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.gradient_noise",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "Noise in each step, by the gradient's own level.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream gradient_noise",
       "parameter_shortname": "gradient noise",
       "parameter_annotation_name": "Noise in each step, by the gradient's own level.",
       "parameter_type": 0,
       "parameter_mmin": 0,
       "parameter_mmax": 10,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-26",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      840.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      598.0,
      36.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.denoise",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "Takes what is faint out of the sound, step by step.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream denoise",
       "parameter_shortname": "denoise",
       "parameter_annotation_name": "Takes what is faint out of the sound, step by step.",
       "parameter_type": 0,
       "parameter_mmin": 0,
       "parameter_mmax": 1,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-27",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      946.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      92.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.loudness",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "Price of loud sound: of the scalogram's mean.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream loudness",
       "parameter_shortname": "loudness",
       "parameter_annotation_name": "Price of loud sound: of the scalogram's mean.",
       "parameter_type": 0,
       "parameter_mmin": 0,
       "parameter_mmax": 10,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-28",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      1052.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      108.0,
      92.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.high_frequencies",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "Price of sound above 2.5 kHz, the ear's upper third.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream high_frequencies",
       "parameter_shortname": "high frequencies",
       "parameter_annotation_name": "Price of sound above 2.5 kHz, the ear's upper third.",
       "parameter_type": 0,
       "parameter_mmin": 0,
       "parameter_mmax": 10,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-29",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      1158.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      206.0,
      92.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.noise_db",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "Level of the noise that a dream starts from.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream noise_db",
       "parameter_shortname": "noise dB",
       "parameter_annotation_name": "Level of the noise that a dream starts from.",
       "parameter_type": 0,
       "parameter_mmin": -100,
       "parameter_mmax": 0,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f dB"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-30",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      1264.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      304.0,
      92.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.low_db",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "Equaliser between dream and clip: below 250 Hz.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream low_db",
       "parameter_shortname": "low dB",
       "parameter_annotation_name": "Equaliser between dream and clip: below 250 Hz.",
       "parameter_type": 0,
       "parameter_mmin": -60,
       "parameter_mmax": 12,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f dB"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-31",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      1370.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      402.0,
      92.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.mid_db",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "Equaliser: 250 Hz to 2.5 kHz.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream mid_db",
       "parameter_shortname": "mid dB",
       "parameter_annotation_name": "Equaliser: 250 Hz to 2.5 kHz.",
       "parameter_type": 0,
       "parameter_mmin": -60,
       "parameter_mmax": 12,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f dB"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-32",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      1476.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      500.0,
      92.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.high_db",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "Equaliser: above 2.5 kHz.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream high_db",
       "parameter_shortname": "high dB",
       "parameter_annotation_name": "Equaliser: above 2.5 kHz.",
       "parameter_type": 0,
       "parameter_mmin": -60,
       "parameter_mmax": 12,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f dB"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-33",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "float"
     ],
     "patching_rect": [
      1582.0,
      350.0,
      92,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      598.0,
      92.0,
      92.0,
      50.0
     ],
     "parameter_enable": 1,
     "varname": "dream.emphasis",
     "activedialcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "annotation": "Exponent of the activations: above 1 a few bright neurons count more than many dim ones.",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "dream emphasis",
       "parameter_shortname": "emphasis",
       "parameter_annotation_name": "Exponent of the activations: above 1 a few bright neurons count more than many dim ones.",
       "parameter_type": 0,
       "parameter_mmin": 1,
       "parameter_mmax": 4,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 9,
       "parameter_units": "%.2f"
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-34",
     "maxclass": "newobj",
     "numinlets": 17,
     "numoutlets": 17,
     "outlettype": [
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      ""
     ],
     "patching_rect": [
      671.4000000000001,
      266.0,
      2322.0,
      22.0
     ],
     "text": "route /ear/dream/objective /ear/dream/origin /ear/dream/step_size /ear/dream/mix_original /ear/dream/time_shift_s /ear/dream/pitch_shift_bins /ear/dream/time_mask /ear/dream/gradient_noise /ear/dream/denoise /ear/dream/loudness /ear/dream/high_frequencies /ear/dream/noise_db /ear/dream/low_db /ear/dream/mid_db /ear/dream/high_db /ear/dream/emphasis"
    }
   },
   {
    "box": {
     "id": "obj-35",
     "maxclass": "newobj",
     "numinlets": 0,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1291.6,
      20.0,
      78.0,
      22.0
     ],
     "text": "r ear.from"
    }
   },
   {
    "box": {
     "id": "obj-36",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      492.0,
      64.8,
      22.0
     ],
     "text": "s ear.to"
    }
   },
   {
    "box": {
     "id": "obj-37",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      204.0,
      304.0,
      124.19999999999999,
      22.0
     ],
     "text": "prepend setsymbol"
    }
   },
   {
    "box": {
     "id": "obj-38",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      20.0,
      416.0,
      196.79999999999998,
      22.0
     ],
     "text": "prepend /ear/dream/objective"
    }
   },
   {
    "box": {
     "id": "obj-39",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      342.2,
      304.0,
      124.19999999999999,
      22.0
     ],
     "text": "prepend setsymbol"
    }
   },
   {
    "box": {
     "id": "obj-40",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      230.79999999999998,
      416.0,
      177.0,
      22.0
     ],
     "text": "prepend /ear/dream/origin"
    }
   },
   {
    "box": {
     "id": "obj-41",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      480.4,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-42",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      98.8,
      454.0,
      196.79999999999998,
      22.0
     ],
     "text": "prepend /ear/dream/step_size"
    }
   },
   {
    "box": {
     "id": "obj-43",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      421.79999999999995,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-44",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      579.0,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-45",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      309.59999999999997,
      454.0,
      216.6,
      22.0
     ],
     "text": "prepend /ear/dream/mix_original"
    }
   },
   {
    "box": {
     "id": "obj-46",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      520.4,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-47",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      677.6,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-48",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      540.1999999999999,
      454.0,
      216.6,
      22.0
     ],
     "text": "prepend /ear/dream/time_shift_s"
    }
   },
   {
    "box": {
     "id": "obj-49",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      619.0,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-50",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      776.2,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-51",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      770.8,
      454.0,
      243.0,
      22.0
     ],
     "text": "prepend /ear/dream/pitch_shift_bins"
    }
   },
   {
    "box": {
     "id": "obj-52",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      717.6,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-53",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      874.8000000000001,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-54",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1027.8,
      454.0,
      196.79999999999998,
      22.0
     ],
     "text": "prepend /ear/dream/time_mask"
    }
   },
   {
    "box": {
     "id": "obj-55",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      816.2,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-56",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      973.4000000000001,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-57",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1238.6,
      454.0,
      229.79999999999998,
      22.0
     ],
     "text": "prepend /ear/dream/gradient_noise"
    }
   },
   {
    "box": {
     "id": "obj-58",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      914.8000000000001,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-59",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1072.0,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-60",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1482.3999999999999,
      454.0,
      183.6,
      22.0
     ],
     "text": "prepend /ear/dream/denoise"
    }
   },
   {
    "box": {
     "id": "obj-61",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1013.4000000000001,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-62",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1170.6,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-63",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1679.9999999999998,
      454.0,
      190.2,
      22.0
     ],
     "text": "prepend /ear/dream/loudness"
    }
   },
   {
    "box": {
     "id": "obj-64",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1112.0,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-65",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1269.1999999999998,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-66",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1884.1999999999998,
      454.0,
      243.0,
      22.0
     ],
     "text": "prepend /ear/dream/high_frequencies"
    }
   },
   {
    "box": {
     "id": "obj-67",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1210.6,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-68",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1367.7999999999997,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-69",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      2141.2,
      454.0,
      190.2,
      22.0
     ],
     "text": "prepend /ear/dream/noise_db"
    }
   },
   {
    "box": {
     "id": "obj-70",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1309.1999999999998,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-71",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1466.3999999999996,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-72",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      2345.3999999999996,
      454.0,
      177.0,
      22.0
     ],
     "text": "prepend /ear/dream/low_db"
    }
   },
   {
    "box": {
     "id": "obj-73",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1407.7999999999997,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-74",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1564.9999999999995,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-75",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      2536.3999999999996,
      454.0,
      177.0,
      22.0
     ],
     "text": "prepend /ear/dream/mid_db"
    }
   },
   {
    "box": {
     "id": "obj-76",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1506.3999999999996,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-77",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1663.5999999999995,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-78",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      2727.3999999999996,
      454.0,
      183.6,
      22.0
     ],
     "text": "prepend /ear/dream/high_db"
    }
   },
   {
    "box": {
     "id": "obj-79",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1604.9999999999995,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-80",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1762.1999999999994,
      304.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-81",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      2924.9999999999995,
      454.0,
      190.2,
      22.0
     ],
     "text": "prepend /ear/dream/emphasis"
    }
   },
   {
    "box": {
     "id": "obj-82",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1703.5999999999995,
      416.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-83",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1383.6,
      20.0,
      66,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      153.0,
      66.0,
      20.0
     ],
     "text": "select",
     "fontsize": 11.0,
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-84",
     "maxclass": "newobj",
     "numinlets": 4,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1688.0,
      350.0,
      97.8,
      22.0
     ],
     "text": "pack 0 0 0 0."
    }
   },
   {
    "box": {
     "id": "obj-85",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 4,
     "outlettype": [
      "bang",
      "bang",
      "bang",
      "bang"
     ],
     "patching_rect": [
      3007.4,
      266.0,
      71.4,
      22.0
     ],
     "text": "t b b b b"
    }
   },
   {
    "box": {
     "id": "obj-86",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1463.6,
      20.0,
      44,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      76.0,
      153.0,
      44.0,
      20.0
     ],
     "text": "layer",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-87",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      3092.8,
      266.0,
      46,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      120.0,
      152.0,
      46.0,
      22.0
     ],
     "parameter_enable": 0,
     "minimum": 0,
     "maximum": 27,
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-88",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1521.6,
      20.0,
      84.6,
      22.0
     ],
     "text": "loadmess 14"
    }
   },
   {
    "box": {
     "id": "obj-89",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      "int"
     ],
     "patching_rect": [
      1860.7999999999993,
      304.0,
      34.0,
      22.0
     ],
     "text": "i"
    }
   },
   {
    "box": {
     "id": "obj-90",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1620.1999999999998,
      20.0,
      44,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      172.0,
      153.0,
      44.0,
      20.0
     ],
     "text": "from",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-91",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      1908.7999999999993,
      304.0,
      46,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      216.0,
      152.0,
      46.0,
      22.0
     ],
     "parameter_enable": 0,
     "minimum": 0,
     "maximum": 511,
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-92",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1678.1999999999998,
      20.0,
      78.0,
      22.0
     ],
     "text": "loadmess 0"
    }
   },
   {
    "box": {
     "id": "obj-93",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1770.1999999999998,
      20.0,
      44,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      268.0,
      153.0,
      44.0,
      20.0
     ],
     "text": "to",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-94",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      1968.7999999999993,
      304.0,
      46,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      312.0,
      152.0,
      46.0,
      22.0
     ],
     "parameter_enable": 0,
     "minimum": -1,
     "maximum": 511,
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-95",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1828.1999999999998,
      20.0,
      78.0,
      22.0
     ],
     "text": "loadmess 1"
    }
   },
   {
    "box": {
     "id": "obj-96",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1920.1999999999998,
      20.0,
      44,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      364.0,
      153.0,
      44.0,
      20.0
     ],
     "text": "weight",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-97",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      2028.7999999999993,
      304.0,
      46,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      408.0,
      152.0,
      46.0,
      22.0
     ],
     "parameter_enable": 0,
     "minimum": -1,
     "maximum": 1,
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-98",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1978.1999999999998,
      20.0,
      97.8,
      22.0
     ],
     "text": "loadmess 1.00"
    }
   },
   {
    "box": {
     "id": "obj-99",
     "maxclass": "textbutton",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "patching_rect": [
      2090.0,
      20.0,
      56,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      466.0,
      152.0,
      56.0,
      22.0
     ],
     "text": "add",
     "parameter_enable": 0,
     "rounded": 4.0,
     "bgcolor": [
      0.2,
      0.22,
      0.26,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "fontsize": 11.0,
     "mode": 0
    }
   },
   {
    "box": {
     "id": "obj-100",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1802.1999999999994,
      416.0,
      256.2,
      22.0
     ],
     "text": "/ear/select/add $1 $2 $3 0. 1. $4 max"
    }
   },
   {
    "box": {
     "id": "obj-101",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      2160.0,
      20.0,
      66,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      179.0,
      66.0,
      20.0
     ],
     "text": "or a circle",
     "fontsize": 11.0,
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-102",
     "maxclass": "newobj",
     "numinlets": 4,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1799.8,
      350.0,
      117.6,
      22.0
     ],
     "text": "pack 0. 0. 0. 0."
    }
   },
   {
    "box": {
     "id": "obj-103",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 4,
     "outlettype": [
      "bang",
      "bang",
      "bang",
      "bang"
     ],
     "patching_rect": [
      3152.8,
      266.0,
      71.4,
      22.0
     ],
     "text": "t b b b b"
    }
   },
   {
    "box": {
     "id": "obj-104",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      2240.0,
      20.0,
      44,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      76.0,
      179.0,
      44.0,
      20.0
     ],
     "text": "x",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-105",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      3238.2000000000003,
      266.0,
      46,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      120.0,
      178.0,
      46.0,
      22.0
     ],
     "parameter_enable": 0,
     "minimum": -1,
     "maximum": 1,
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-106",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      2298.0,
      20.0,
      97.8,
      22.0
     ],
     "text": "loadmess 0.00"
    }
   },
   {
    "box": {
     "id": "obj-107",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      "float"
     ],
     "patching_rect": [
      2088.7999999999993,
      304.0,
      34.0,
      22.0
     ],
     "text": "f"
    }
   },
   {
    "box": {
     "id": "obj-108",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      2409.8,
      20.0,
      44,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      172.0,
      179.0,
      44.0,
      20.0
     ],
     "text": "y",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-109",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      2136.7999999999993,
      304.0,
      46,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      216.0,
      178.0,
      46.0,
      22.0
     ],
     "parameter_enable": 0,
     "minimum": -1,
     "maximum": 1,
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-110",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      2467.8,
      20.0,
      97.8,
      22.0
     ],
     "text": "loadmess 0.00"
    }
   },
   {
    "box": {
     "id": "obj-111",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      2579.6000000000004,
      20.0,
      44,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      268.0,
      179.0,
      44.0,
      20.0
     ],
     "text": "radius",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-112",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      2196.7999999999993,
      304.0,
      46,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      312.0,
      178.0,
      46.0,
      22.0
     ],
     "parameter_enable": 0,
     "minimum": 0,
     "maximum": 1,
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-113",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      2637.6000000000004,
      20.0,
      97.8,
      22.0
     ],
     "text": "loadmess 0.10"
    }
   },
   {
    "box": {
     "id": "obj-114",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      2749.4000000000005,
      20.0,
      44,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      364.0,
      179.0,
      44.0,
      20.0
     ],
     "text": "weight",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-115",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      2256.7999999999993,
      304.0,
      46,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      408.0,
      178.0,
      46.0,
      22.0
     ],
     "parameter_enable": 0,
     "minimum": -1,
     "maximum": 1,
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-116",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      2807.4000000000005,
      20.0,
      97.8,
      22.0
     ],
     "text": "loadmess 1.00"
    }
   },
   {
    "box": {
     "id": "obj-117",
     "maxclass": "textbutton",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "patching_rect": [
      2919.2000000000007,
      20.0,
      56,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      466.0,
      178.0,
      56.0,
      22.0
     ],
     "text": "circle",
     "parameter_enable": 0,
     "rounded": 4.0,
     "bgcolor": [
      0.2,
      0.22,
      0.26,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "fontsize": 11.0,
     "mode": 0
    }
   },
   {
    "box": {
     "id": "obj-118",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      2072.399999999999,
      416.0,
      256.2,
      22.0
     ],
     "text": "/ear/select/circle $1 $2 $3 $4 circle"
    }
   },
   {
    "box": {
     "id": "obj-119",
     "maxclass": "textbutton",
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "patching_rect": [
      2989.2000000000007,
      20.0,
      56,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      528.0,
      152.0,
      56.0,
      22.0
     ],
     "text": "clear",
     "parameter_enable": 0,
     "rounded": 4.0,
     "bgcolor": [
      0.2,
      0.22,
      0.26,
      1.0
     ],
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "fontsize": 11.0,
     "mode": 0
    }
   },
   {
    "box": {
     "id": "obj-120",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      3298.2000000000003,
      266.0,
      124.19999999999999,
      22.0
     ],
     "text": "/ear/select/clear"
    }
   },
   {
    "box": {
     "id": "obj-121",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "patching_rect": [
      3436.4,
      266.0,
      177.0,
      22.0
     ],
     "text": "route /ear/dream/progress"
    }
   },
   {
    "box": {
     "id": "obj-122",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 5,
     "outlettype": [
      "int",
      "int",
      "float",
      "float",
      "float"
     ],
     "patching_rect": [
      2316.7999999999993,
      304.0,
      137.39999999999998,
      22.0
     ],
     "text": "unpack 0 0 0. 0. 0."
    }
   },
   {
    "box": {
     "id": "obj-123",
     "maxclass": "newobj",
     "numinlets": 0,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      3059.2000000000007,
      20.0,
      78.0,
      22.0
     ],
     "text": "r ear.from"
    }
   },
   {
    "box": {
     "id": "obj-124",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      3151.2000000000007,
      20.0,
      48,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      206.0,
      48.0,
      20.0
     ],
     "text": "steps/s",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-125",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      1931.3999999999999,
      350.0,
      56,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      58.0,
      205.0,
      56.0,
      20.0
     ],
     "parameter_enable": 0,
     "ignoreclick": 1,
     "textcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-126",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      3213.2000000000007,
      20.0,
      48,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      122.0,
      206.0,
      48.0,
      20.0
     ],
     "text": "step",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-127",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      2001.3999999999999,
      350.0,
      56,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      170.0,
      205.0,
      56.0,
      20.0
     ],
     "parameter_enable": 0,
     "ignoreclick": 1,
     "textcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-128",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      3275.2000000000007,
      20.0,
      48,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      234.0,
      206.0,
      48.0,
      20.0
     ],
     "text": "score",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-129",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      2071.3999999999996,
      350.0,
      56,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      282.0,
      205.0,
      56.0,
      20.0
     ],
     "parameter_enable": 0,
     "ignoreclick": 1,
     "textcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-130",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      3337.2000000000007,
      20.0,
      48,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      346.0,
      206.0,
      48.0,
      20.0
     ],
     "text": "clip",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-131",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      2141.3999999999996,
      350.0,
      56,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      394.0,
      205.0,
      56.0,
      20.0
     ],
     "parameter_enable": 0,
     "ignoreclick": 1,
     "textcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-132",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      3399.2000000000007,
      20.0,
      234,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      462.0,
      206.0,
      234.0,
      20.0
     ],
     "text": "score: in standard deviations over music",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-133",
     "maxclass": "outlet",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      2468.1999999999994,
      304.0,
      30.0,
      30.0
     ],
     "index": 1,
     "comment": "clip step steps_per_s score loss"
    }
   }
  ],
  "lines": [
   {
    "patchline": {
     "destination": [
      "obj-4",
      0
     ],
     "source": [
      "obj-3",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-5",
      0
     ],
     "source": [
      "obj-4",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-7",
      0
     ],
     "source": [
      "obj-6",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-8",
      0
     ],
     "source": [
      "obj-7",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-11",
      0
     ],
     "source": [
      "obj-10",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-9",
      0
     ],
     "source": [
      "obj-11",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-13",
      0
     ],
     "source": [
      "obj-12",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-9",
      0
     ],
     "source": [
      "obj-13",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-15",
      0
     ],
     "source": [
      "obj-14",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-9",
      0
     ],
     "source": [
      "obj-15",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-34",
      0
     ],
     "source": [
      "obj-35",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-37",
      0
     ],
     "source": [
      "obj-34",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-17",
      0
     ],
     "source": [
      "obj-37",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-38",
      0
     ],
     "source": [
      "obj-17",
      1
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-38",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-39",
      0
     ],
     "source": [
      "obj-34",
      1
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-19",
      0
     ],
     "source": [
      "obj-39",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-40",
      0
     ],
     "source": [
      "obj-19",
      1
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-40",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-41",
      0
     ],
     "source": [
      "obj-34",
      2
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-20",
      0
     ],
     "source": [
      "obj-41",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-43",
      0
     ],
     "source": [
      "obj-20",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-42",
      0
     ],
     "source": [
      "obj-43",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-42",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-44",
      0
     ],
     "source": [
      "obj-34",
      3
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-21",
      0
     ],
     "source": [
      "obj-44",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-46",
      0
     ],
     "source": [
      "obj-21",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-45",
      0
     ],
     "source": [
      "obj-46",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-45",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-47",
      0
     ],
     "source": [
      "obj-34",
      4
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-22",
      0
     ],
     "source": [
      "obj-47",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-49",
      0
     ],
     "source": [
      "obj-22",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-48",
      0
     ],
     "source": [
      "obj-49",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-48",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-50",
      0
     ],
     "source": [
      "obj-34",
      5
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-23",
      0
     ],
     "source": [
      "obj-50",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-52",
      0
     ],
     "source": [
      "obj-23",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-51",
      0
     ],
     "source": [
      "obj-52",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-51",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-53",
      0
     ],
     "source": [
      "obj-34",
      6
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-24",
      0
     ],
     "source": [
      "obj-53",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-55",
      0
     ],
     "source": [
      "obj-24",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-54",
      0
     ],
     "source": [
      "obj-55",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-54",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-56",
      0
     ],
     "source": [
      "obj-34",
      7
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-25",
      0
     ],
     "source": [
      "obj-56",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-58",
      0
     ],
     "source": [
      "obj-25",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-57",
      0
     ],
     "source": [
      "obj-58",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-57",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-59",
      0
     ],
     "source": [
      "obj-34",
      8
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-26",
      0
     ],
     "source": [
      "obj-59",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-61",
      0
     ],
     "source": [
      "obj-26",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-60",
      0
     ],
     "source": [
      "obj-61",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-60",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-62",
      0
     ],
     "source": [
      "obj-34",
      9
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-27",
      0
     ],
     "source": [
      "obj-62",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-64",
      0
     ],
     "source": [
      "obj-27",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-63",
      0
     ],
     "source": [
      "obj-64",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-63",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-65",
      0
     ],
     "source": [
      "obj-34",
      10
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-28",
      0
     ],
     "source": [
      "obj-65",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-67",
      0
     ],
     "source": [
      "obj-28",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-66",
      0
     ],
     "source": [
      "obj-67",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-66",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-68",
      0
     ],
     "source": [
      "obj-34",
      11
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-29",
      0
     ],
     "source": [
      "obj-68",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-70",
      0
     ],
     "source": [
      "obj-29",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-69",
      0
     ],
     "source": [
      "obj-70",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-69",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-71",
      0
     ],
     "source": [
      "obj-34",
      12
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-30",
      0
     ],
     "source": [
      "obj-71",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-73",
      0
     ],
     "source": [
      "obj-30",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-72",
      0
     ],
     "source": [
      "obj-73",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-72",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-74",
      0
     ],
     "source": [
      "obj-34",
      13
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-31",
      0
     ],
     "source": [
      "obj-74",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-76",
      0
     ],
     "source": [
      "obj-31",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-75",
      0
     ],
     "source": [
      "obj-76",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-75",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-77",
      0
     ],
     "source": [
      "obj-34",
      14
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-32",
      0
     ],
     "source": [
      "obj-77",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-79",
      0
     ],
     "source": [
      "obj-32",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-78",
      0
     ],
     "source": [
      "obj-79",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-78",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-80",
      0
     ],
     "source": [
      "obj-34",
      15
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-33",
      0
     ],
     "source": [
      "obj-80",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-82",
      0
     ],
     "source": [
      "obj-33",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-81",
      0
     ],
     "source": [
      "obj-82",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-36",
      0
     ],
     "source": [
      "obj-81",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-87",
      0
     ],
     "source": [
      "obj-88",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-89",
      1
     ],
     "source": [
      "obj-87",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-89",
      0
     ],
     "source": [
      "obj-85",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-84",
      0
     ],
     "source": [
      "obj-89",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-91",
      0
     ],
     "source": [
      "obj-92",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-91",
      0
     ],
     "source": [
      "obj-85",
      1
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-84",
      1
     ],
     "source": [
      "obj-91",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-94",
      0
     ],
     "source": [
      "obj-95",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-94",
      0
     ],
     "source": [
      "obj-85",
      2
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-84",
      2
     ],
     "source": [
      "obj-94",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-97",
      0
     ],
     "source": [
      "obj-98",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-97",
      0
     ],
     "source": [
      "obj-85",
      3
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-84",
      3
     ],
     "source": [
      "obj-97",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-85",
      0
     ],
     "source": [
      "obj-99",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-100",
      0
     ],
     "source": [
      "obj-84",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-9",
      0
     ],
     "source": [
      "obj-100",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-105",
      0
     ],
     "source": [
      "obj-106",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-107",
      1
     ],
     "source": [
      "obj-105",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-107",
      0
     ],
     "source": [
      "obj-103",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-102",
      0
     ],
     "source": [
      "obj-107",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-109",
      0
     ],
     "source": [
      "obj-110",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-109",
      0
     ],
     "source": [
      "obj-103",
      1
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-102",
      1
     ],
     "source": [
      "obj-109",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-112",
      0
     ],
     "source": [
      "obj-113",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-112",
      0
     ],
     "source": [
      "obj-103",
      2
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-102",
      2
     ],
     "source": [
      "obj-112",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-115",
      0
     ],
     "source": [
      "obj-116",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-115",
      0
     ],
     "source": [
      "obj-103",
      3
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-102",
      3
     ],
     "source": [
      "obj-115",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-103",
      0
     ],
     "source": [
      "obj-117",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-118",
      0
     ],
     "source": [
      "obj-102",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-9",
      0
     ],
     "source": [
      "obj-118",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-120",
      0
     ],
     "source": [
      "obj-119",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-9",
      0
     ],
     "source": [
      "obj-120",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-121",
      0
     ],
     "source": [
      "obj-123",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-122",
      0
     ],
     "source": [
      "obj-121",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-125",
      0
     ],
     "source": [
      "obj-122",
      2
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-127",
      0
     ],
     "source": [
      "obj-122",
      1
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-129",
      0
     ],
     "source": [
      "obj-122",
      3
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-131",
      0
     ],
     "source": [
      "obj-122",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-133",
      0
     ],
     "source": [
      "obj-121",
      0
     ]
    }
   }
  ]
 }
}
